"""Fuzzing: octets from outside, against the properties that must hold whatever they are.

`targets/` has a module for each thing that reads them, `corpus/` the inputs that each is shown in every test run,
`dictionaries/` the words of each language. `hunt` looks for new inputs by what they reach in the code.
"""
