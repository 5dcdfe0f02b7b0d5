"""Who may come in: what an administrator writes as ranges (`ranges`) and the decision over them (`rules`)."""
