# fish completion for mtq. Written by `mtq completion fish`; a change of the command line is followed by
# `make completions`.

# The commands, each with those above it.
set -g __mtq_commands \
    'mtq serve' \
    'mtq init' \
    'mtq status' \
    'mtq reload' \
    'mtq stop' \
    'mtq service' \
    'mtq service list' \
    'mtq service show' \
    'mtq service add' \
    'mtq service set' \
    'mtq service remove' \
    'mtq service enable' \
    'mtq service disable' \
    'mtq service start' \
    'mtq service stop' \
    'mtq service restart' \
    'mtq firewall' \
    'mtq firewall list' \
    'mtq firewall add' \
    'mtq firewall remove' \
    'mtq firewall import' \
    'mtq firewall mode' \
    'mtq firewall test' \
    'mtq proxy' \
    'mtq proxy test' \
    'mtq proxy status' \
    'mtq proxy failures' \
    'mtq proxy forget' \
    'mtq proxy allow' \
    'mtq proxy allow list' \
    'mtq proxy allow add' \
    'mtq proxy allow remove' \
    'mtq session' \
    'mtq session list' \
    'mtq session kick' \
    'mtq lock' \
    'mtq lock list' \
    'mtq lock show' \
    'mtq lock release' \
    'mtq penalty' \
    'mtq penalty list' \
    'mtq penalty forget' \
    'mtq user' \
    'mtq user list' \
    'mtq user add' \
    'mtq user passwd' \
    'mtq user remove' \
    'mtq user check' \
    'mtq mailbox' \
    'mtq mailbox list' \
    'mtq mailbox status' \
    'mtq mailbox deliver' \
    'mtq mailbox import' \
    'mtq mailbox adopt' \
    'mtq cert' \
    'mtq cert create' \
    'mtq cert show' \
    'mtq cert check' \
    'mtq config' \
    'mtq config show' \
    'mtq config check' \
    'mtq config path' \
    'mtq config get' \
    'mtq config set' \
    'mtq log' \
    'mtq tui' \
    'mtq tui dashboard' \
    'mtq completion' \
    'mtq completion bash' \
    'mtq completion zsh' \
    'mtq completion fish'

# The options with a value.
set -g __mtq_valued \
    'mtq --config' \
    'mtq status --user' \
    'mtq service add --listen' \
    'mtq firewall list --service' \
    'mtq firewall add --service' \
    'mtq firewall add --expires' \
    'mtq firewall add --comment' \
    'mtq firewall remove --service' \
    'mtq firewall import --service' \
    'mtq firewall import --expires' \
    'mtq firewall import --comment' \
    'mtq firewall mode --service' \
    'mtq firewall test --service' \
    'mtq proxy test --user' \
    'mtq proxy test --service' \
    'mtq proxy allow list --service' \
    'mtq proxy allow add --service' \
    'mtq proxy allow remove --service' \
    'mtq session kick --user' \
    'mtq session kick --address' \
    'mtq user add --scheme' \
    'mtq user passwd --scheme' \
    'mtq mailbox adopt --format' \
    'mtq mailbox adopt --from' \
    'mtq cert create --name' \
    'mtq cert create --out' \
    'mtq cert show --service' \
    'mtq cert check --days' \
    'mtq cert check --service' \
    'mtq log --lines' \
    'mtq log -n'

# The keys of a service's table.
function __mtq_service_keys
    printf '%s\t%s\n' \
        'enabled' 'start with the server' \
        'listen' 'where the service listens' \
        'tls' 'TLS: none, after STLS, or from the first byte' \
        'plaintext_auth' 'from where passwords may come in the clear without TLS' \
        'certificate' 'this service\'s own certificate chain, PEM' \
        'key' 'its private key, PEM' \
        'min_version' 'this service\'s own lowest version of TLS' \
        'mechanisms' 'ways to log in that clients are offered; auto: what passwords as stored allow' \
        'max_connections' 'most clients at a time' \
        'max_connections_per_address' 'most clients at a time from one address; 0: no such limit' \
        'idle_timeout' 'how long a client may send no command before it is cut off' \
        'login_timeout' 'how long a client may take to log in' \
        'access' 'who is let in: everyone, who is in `firewall`, or who is in `firewall` or `server.lan`' \
        'firewall' 'ranges of addresses that are let in, or excluded' \
        'firewall_file' 'file with more ranges, one a line, # before a comment' \
        'folders' 'messages that a session shows: of the inbox, or of all folders in one list' \
        'remove_invalid_message_id' 'send messages without Message-ID fields that RFC 5322 does not allow' \
        'lock_mailboxes' 'let one session at a time into a mailbox' \
        'proxy.enabled' 'let users log in at other servers through this one' \
        'proxy.delimiter' 'sign between user and server in a user name: fred#pop.isp.com' \
        'proxy.only_allowed' 'let users log in at servers in `allow` only' \
        'proxy.allow' 'servers at which users may log in' \
        'proxy.tls' 'TLS to the remote server; auto: port 995, else STLS on port 110' \
        'proxy.verify' 'check the remote server\'s certificate and name' \
        'proxy.ca_file' 'certificates of authorities that are trusted besides the system\'s, PEM' \
        'proxy.allow_private_targets' 'allow servers at loopback, private and link-local addresses, too' \
        'proxy.connect_timeout' 'how long connecting to a remote server may take' \
        'proxy.dialup.enabled' 'bring a link up before a proxied login' \
        'proxy.dialup.up' 'command that brings the link up; exit code 0 means that it is up' \
        'proxy.dialup.down' 'command that hangs up' \
        'proxy.dialup.timeout' 'how long the link may take to come up' \
        'proxy.dialup.hangup_after' 'how long nobody may use the link before `down` runs'
end

# The keys of the configuration but for the services.
function __mtq_config_keys
    printf '%s\t%s\n' \
        'server.hostname' 'name that the server goes by; default: this machine\'s' \
        'server.state_dir' 'folder of mail, indexes and the certificates that mtq makes' \
        'server.control_socket' 'socket by which commands reach the running server' \
        'server.lan' 'ranges of the local network' \
        'server.user' 'user as whom a server works that root has started; all mail is this user\'s' \
        'server.shutdown_grace' 'how long sessions may go on when the server stops' \
        'server.auth_failure_delay' 'how long a failed login waits for its answer; longer for who goes on failing' \
        'server.metrics_listen' 'where Prometheus gets metrics, by HTTP; empty: nowhere' \
        'server.log_format' 'form of log lines' \
        'server.log_level' 'least important lines that are logged' \
        'mailboxes.path' 'a user\'s Maildir; default: mail/{user} in the state folder' \
        'users.file' 'users and their passwords, a passwd-file as Dovecot reads it' \
        'tls.certificate' 'certificate chain, PEM; default: made and renewed by mtq' \
        'tls.key' 'its private key, PEM' \
        'tls.min_version' 'lowest version of TLS that clients may use'
end

# What a key of the configuration, or of a service's table, takes; of paths, those that begin like word.
function __mtq_values --argument-names key word
    switch $key
        case server.state_dir
            __fish_complete_path $word
        case server.control_socket
            __fish_complete_path $word
        case server.log_format
            printf '%s\n' 'text' 'json'
        case server.log_level
            printf '%s\n' 'debug' 'info' 'warning' 'error'
        case users.file
            __fish_complete_path $word
        case tls.certificate
            __fish_complete_path $word
        case tls.key
            __fish_complete_path $word
        case tls.min_version
            printf '%s\n' '1.0' '1.1' '1.2' '1.3'
        case enabled
            printf '%s\n' 'true' 'false'
        case tls
            printf '%s\n' 'off' 'starttls' 'implicit'
        case plaintext_auth
            printf '%s\n' 'never' 'local' 'lan' 'always'
        case certificate
            __fish_complete_path $word
        case key
            __fish_complete_path $word
        case min_version
            printf '%s\n' '1.0' '1.1' '1.2' '1.3'
        case mechanisms
            printf '%s\n' 'auto' 'plain' 'login' 'scram-sha-256' 'apop'
        case access
            printf '%s\n' 'any' 'firewall' 'firewall+lan'
        case firewall_file
            __fish_complete_path $word
        case folders
            printf '%s\n' 'inbox' 'all'
        case remove_invalid_message_id
            printf '%s\n' 'true' 'false'
        case lock_mailboxes
            printf '%s\n' 'true' 'false'
        case proxy.enabled
            printf '%s\n' 'true' 'false'
        case proxy.only_allowed
            printf '%s\n' 'true' 'false'
        case proxy.tls
            printf '%s\n' 'auto' 'implicit' 'starttls' 'off'
        case proxy.verify
            printf '%s\n' 'true' 'false'
        case proxy.ca_file
            __fish_complete_path $word
        case proxy.allow_private_targets
            printf '%s\n' 'true' 'false'
        case proxy.dialup.enabled
            printf '%s\n' 'true' 'false'
    end
end

# Where on the command line the cursor is. fish asks once a condition: the answer is kept until the line changes.
#   __mtq_path      the command, with the commands above it
#   __mtq_position  which argument of the command is at the cursor, from 1
#   __mtq_before    the argument before it
#   __mtq_config    the configuration that the line names
function __mtq_walk
    set -l line (commandline -pc | string collect)
    test "$line" = "$__mtq_line"; and return
    set -l tokens (commandline -opc)
    set -l option
    set -l ended
    set -g __mtq_line $line
    set -g __mtq_program $tokens[1]
    set -g __mtq_path mtq
    set -g __mtq_position 1
    set -g __mtq_before
    set -g __mtq_config
    for token in $tokens[2..-1]
        if test -n "$option"
            test "$__mtq_path $option" = 'mtq --config'; and set __mtq_config $token
            set option
        else if test -z "$ended"; and test "$token" = --
            set ended yes
        else if test -z "$ended"; and string match -qr -- '^-.' $token
            if test $__mtq_path = mtq; and string match -q -- '--config=*' $token
                set __mtq_config (string replace -- '--config=' '' $token)
            end
            contains -- "$__mtq_path $token" $__mtq_valued; and set option $token
        else if test $__mtq_position = 1; and contains -- "$__mtq_path $token" $__mtq_commands
            set __mtq_path "$__mtq_path $token"
            set __mtq_before
            set ended
        else
            set __mtq_position (math $__mtq_position + 1)
            set __mtq_before $token
        end
    end
end

# Whether the cursor is in this command; at this argument of it, if a number is given; at this or a later one (+).
function __mtq_at --argument-names path position
    __mtq_walk
    test "$__mtq_path" = $path; or return
    switch "$position"
        case ''
            return 0
        case '*+'
            test $__mtq_position -ge (string replace + '' $position)
        case '*'
            test $__mtq_position = $position
    end
end

# A word of the line as the command would get it. Nothing is run; of what the shell would put in, only ~/ and $NAME at
# its beginning are known.
function __mtq_plain --argument-names word
    set -l name (string replace -rf '^\$([A-Za-z_][A-Za-z0-9_]*).*' '$1' -- $word)
    if test -n "$name"
        string replace -- "\$$name" "$$name" $word
    else
        string replace -r '^~/' "$HOME/" -- $word
    end
end

# Ask mtq for names. It is the mtq of the line, which need not be on the path.
function __mtq_names --argument-names what
    # No name begins so, and fish asks for arguments at an option, too.
    string match -qr -- '^-[^=]*$' (commandline -ct); and return
    __mtq_walk
    set -l config
    set -q __mtq_config[1]; and set config --config (__mtq_plain $__mtq_config)
    set -l program (__mtq_plain $__mtq_program)
    command $program $config completion names $what 2>/dev/null </dev/null
end

# KEY=VALUE, a key of a service's table.
function __mtq_settings
    set -l word (string split -m 1 = -- (commandline -ct))
    if set -q word[2]
        for value in (__mtq_values $word[1] $word[2])
            echo $word[1]=$value
        end
    else
        __mtq_service_keys | string replace \t =\t
    end
end

# A key of the configuration.
function __mtq_keys
    if string match -q 'services.*' -- (commandline -ct)
        for name in (__mtq_names services | string match -v '*.*')      # a dot would have to be quoted
            __mtq_service_keys | string replace -r '^' services.$name.
        end
    else
        __mtq_config_keys
        printf '%s\t%s\n' services. 'the POP3 services'
    end
end

# A value of the key before.
function __mtq_value
    __mtq_walk
    __mtq_values (string replace -r '^services\.[^.]*\.' '' -- "$__mtq_before") (commandline -ct)
end

# A key and its value in turn.
function __mtq_pair
    __mtq_walk
    if test (math $__mtq_position % 2) = 1
        __mtq_keys
    else
        __mtq_value
    end
end

complete -c mtq -f

# mtq
complete -c mtq -n "__mtq_at 'mtq' 1" -a 'serve' -d 'Run the server in the foreground until SIGTERM or Ctrl-C'
complete -c mtq -n "__mtq_at 'mtq' 1" -a 'init' -d 'Write a safe configuration and make what it needs'
complete -c mtq -n "__mtq_at 'mtq' 1" -a 'status' -d 'Show what the running server does'
complete -c mtq -n "__mtq_at 'mtq' 1" -a 'reload' -d 'Have the running server read its configuration again'
complete -c mtq -n "__mtq_at 'mtq' 1" -a 'stop' -d 'Stop the running server'
complete -c mtq -n "__mtq_at 'mtq' 1" -a 'service' -d 'Add, change, start and stop services'
complete -c mtq -n "__mtq_at 'mtq' 1" -a 'firewall' -d 'Say who may connect, by ranges of addresses'
complete -c mtq -n "__mtq_at 'mtq' 1" -a 'proxy' -d 'Test and allow the servers that users log in at'
complete -c mtq -n "__mtq_at 'mtq' 1" -a 'session' -d 'See who is connected, and end sessions'
complete -c mtq -n "__mtq_at 'mtq' 1" -a 'lock' -d 'See who holds which mailbox, and release it'
complete -c mtq -n "__mtq_at 'mtq' 1" -a 'penalty' -d 'See which addresses guess passwords, and forgive them'
complete -c mtq -n "__mtq_at 'mtq' 1" -a 'user' -d 'Add, change, check and remove users'
complete -c mtq -n "__mtq_at 'mtq' 1" -a 'mailbox' -d 'See mailboxes; deliver, import, adopt mail'
complete -c mtq -n "__mtq_at 'mtq' 1" -a 'cert' -d 'Make, show and check certificates'
complete -c mtq -n "__mtq_at 'mtq' 1" -a 'config' -d 'Show, check and change the configuration'
complete -c mtq -n "__mtq_at 'mtq' 1" -a 'log' -d 'Print the last lines of the running server\'s log'
complete -c mtq -n "__mtq_at 'mtq' 1" -a 'tui' -d 'Start the dashboard'
complete -c mtq -n "__mtq_at 'mtq' 1" -a 'completion' -d 'Print completion for bash, zsh or fish'
complete -c mtq -n "__mtq_at 'mtq'" -l config -r -F -d 'Configuration file'
complete -c mtq -n "__mtq_at 'mtq'" -l version -d 'The versions for a bug report; then exit'
complete -c mtq -n "__mtq_at 'mtq'" -l help -d 'Show this message and exit'

# mtq serve
complete -c mtq -n "__mtq_at 'mtq serve'" -l demo -d 'A throw-away server on 127.0.0.1, with users and mail'
complete -c mtq -n "__mtq_at 'mtq serve'" -l help -d 'Show this message and exit'

# mtq init
complete -c mtq -n "__mtq_at 'mtq init'" -l create-user -d 'As root: make the system user mtq if it is not there'
complete -c mtq -n "__mtq_at 'mtq init'" -l quiet -d 'Say nothing when all went well'
complete -c mtq -n "__mtq_at 'mtq init'" -l dry-run -d 'Show what would change, and change nothing'
complete -c mtq -n "__mtq_at 'mtq init'" -l help -d 'Show this message and exit'

# mtq status
complete -c mtq -n "__mtq_at 'mtq status'" -l json -d 'Print JSON, for programs'
complete -c mtq -n "__mtq_at 'mtq status'" -l check -d 'Call every running service as a client does'
complete -c mtq -n "__mtq_at 'mtq status'" -l user -x -a '(__mtq_names users)' -d 'With --check: log in as this user, too'
complete -c mtq -n "__mtq_at 'mtq status'" -l password-stdin -d 'Read the password from standard input, its first line'
complete -c mtq -n "__mtq_at 'mtq status'" -l help -d 'Show this message and exit'

# mtq reload
complete -c mtq -n "__mtq_at 'mtq reload'" -l json -d 'Print JSON, for programs'
complete -c mtq -n "__mtq_at 'mtq reload'" -l quiet -d 'Say nothing when all went well'
complete -c mtq -n "__mtq_at 'mtq reload'" -l dry-run -d 'Show what would change, and change nothing'
complete -c mtq -n "__mtq_at 'mtq reload'" -l help -d 'Show this message and exit'

# mtq stop
complete -c mtq -n "__mtq_at 'mtq stop'" -l quiet -d 'Say nothing when all went well'
complete -c mtq -n "__mtq_at 'mtq stop'" -l dry-run -d 'Show what would change, and change nothing'
complete -c mtq -n "__mtq_at 'mtq stop'" -l help -d 'Show this message and exit'

# mtq service
complete -c mtq -n "__mtq_at 'mtq service' 1" -a 'list' -d 'List the services'
complete -c mtq -n "__mtq_at 'mtq service' 1" -a 'show' -d 'Show one service'
complete -c mtq -n "__mtq_at 'mtq service' 1" -a 'add' -d 'Add a service; the running server starts it at once'
complete -c mtq -n "__mtq_at 'mtq service' 1" -a 'set' -d 'Change settings of a service, such as max_connections=50'
complete -c mtq -n "__mtq_at 'mtq service' 1" -a 'remove' -d 'Remove a service'
complete -c mtq -n "__mtq_at 'mtq service' 1" -a 'enable' -d 'Have a service start with the server'
complete -c mtq -n "__mtq_at 'mtq service' 1" -a 'disable' -d 'Have a service no longer start with the server'
complete -c mtq -n "__mtq_at 'mtq service' 1" -a 'start' -d 'Start a service of the running server'
complete -c mtq -n "__mtq_at 'mtq service' 1" -a 'stop' -d 'Stop a service of the running server'
complete -c mtq -n "__mtq_at 'mtq service' 1" -a 'restart' -d 'Stop a service of the running server, and start it again'
complete -c mtq -n "__mtq_at 'mtq service'" -l help -d 'Show this message and exit'

# mtq service list
complete -c mtq -n "__mtq_at 'mtq service list'" -l json -d 'Print JSON, for programs'
complete -c mtq -n "__mtq_at 'mtq service list'" -l help -d 'Show this message and exit'

# mtq service show
complete -c mtq -n "__mtq_at 'mtq service show'" -l json -d 'Print JSON, for programs'
complete -c mtq -n "__mtq_at 'mtq service show'" -l help -d 'Show this message and exit'
complete -c mtq -n "__mtq_at 'mtq service show' 1" -a '(__mtq_names services)'

# mtq service add
complete -c mtq -n "__mtq_at 'mtq service add'" -l listen -x -a 'pop3 pop3s' -d 'Port, ADDRESS:PORT or [IPv6]:PORT; repeatable'
complete -c mtq -n "__mtq_at 'mtq service add'" -l quiet -d 'Say nothing when all went well'
complete -c mtq -n "__mtq_at 'mtq service add'" -l dry-run -d 'Show what would change, and change nothing'
complete -c mtq -n "__mtq_at 'mtq service add'" -l help -d 'Show this message and exit'
complete -c mtq -n "__mtq_at 'mtq service add' 2+" -a '(__mtq_settings)'

# mtq service set
complete -c mtq -n "__mtq_at 'mtq service set'" -l quiet -d 'Say nothing when all went well'
complete -c mtq -n "__mtq_at 'mtq service set'" -l dry-run -d 'Show what would change, and change nothing'
complete -c mtq -n "__mtq_at 'mtq service set'" -l help -d 'Show this message and exit'
complete -c mtq -n "__mtq_at 'mtq service set' 1" -a '(__mtq_names services)'
complete -c mtq -n "__mtq_at 'mtq service set' 2+" -a '(__mtq_settings)'

# mtq service remove
complete -c mtq -n "__mtq_at 'mtq service remove'" -l quiet -d 'Say nothing when all went well'
complete -c mtq -n "__mtq_at 'mtq service remove'" -l dry-run -d 'Show what would change, and change nothing'
complete -c mtq -n "__mtq_at 'mtq service remove'" -l help -d 'Show this message and exit'
complete -c mtq -n "__mtq_at 'mtq service remove' 1" -a '(__mtq_names services)'

# mtq service enable
complete -c mtq -n "__mtq_at 'mtq service enable'" -l now -d 'Start it, too'
complete -c mtq -n "__mtq_at 'mtq service enable'" -l quiet -d 'Say nothing when all went well'
complete -c mtq -n "__mtq_at 'mtq service enable'" -l dry-run -d 'Show what would change, and change nothing'
complete -c mtq -n "__mtq_at 'mtq service enable'" -l help -d 'Show this message and exit'
complete -c mtq -n "__mtq_at 'mtq service enable' 1" -a '(__mtq_names services)'

# mtq service disable
complete -c mtq -n "__mtq_at 'mtq service disable'" -l now -d 'Stop it, too'
complete -c mtq -n "__mtq_at 'mtq service disable'" -l quiet -d 'Say nothing when all went well'
complete -c mtq -n "__mtq_at 'mtq service disable'" -l dry-run -d 'Show what would change, and change nothing'
complete -c mtq -n "__mtq_at 'mtq service disable'" -l help -d 'Show this message and exit'
complete -c mtq -n "__mtq_at 'mtq service disable' 1" -a '(__mtq_names services)'

# mtq service start
complete -c mtq -n "__mtq_at 'mtq service start'" -l quiet -d 'Say nothing when all went well'
complete -c mtq -n "__mtq_at 'mtq service start'" -l dry-run -d 'Show what would change, and change nothing'
complete -c mtq -n "__mtq_at 'mtq service start'" -l help -d 'Show this message and exit'
complete -c mtq -n "__mtq_at 'mtq service start' 1" -a '(__mtq_names services)'

# mtq service stop
complete -c mtq -n "__mtq_at 'mtq service stop'" -l quiet -d 'Say nothing when all went well'
complete -c mtq -n "__mtq_at 'mtq service stop'" -l dry-run -d 'Show what would change, and change nothing'
complete -c mtq -n "__mtq_at 'mtq service stop'" -l help -d 'Show this message and exit'
complete -c mtq -n "__mtq_at 'mtq service stop' 1" -a '(__mtq_names services)'

# mtq service restart
complete -c mtq -n "__mtq_at 'mtq service restart'" -l quiet -d 'Say nothing when all went well'
complete -c mtq -n "__mtq_at 'mtq service restart'" -l dry-run -d 'Show what would change, and change nothing'
complete -c mtq -n "__mtq_at 'mtq service restart'" -l help -d 'Show this message and exit'
complete -c mtq -n "__mtq_at 'mtq service restart' 1" -a '(__mtq_names services)'

# mtq firewall
complete -c mtq -n "__mtq_at 'mtq firewall' 1" -a 'list' -d 'List the ranges, and whether each is in force'
complete -c mtq -n "__mtq_at 'mtq firewall' 1" -a 'add' -d 'Add ranges to a service or to the LAN'
complete -c mtq -n "__mtq_at 'mtq firewall' 1" -a 'remove' -d 'Remove ranges from a service or from the LAN'
complete -c mtq -n "__mtq_at 'mtq firewall' 1" -a 'import' -d 'Add all ranges of a file'
complete -c mtq -n "__mtq_at 'mtq firewall' 1" -a 'mode' -d 'Set whom a service lets in'
complete -c mtq -n "__mtq_at 'mtq firewall' 1" -a 'test' -d 'Say whether an address is let in, and which range decides'
complete -c mtq -n "__mtq_at 'mtq firewall'" -l help -d 'Show this message and exit'

# mtq firewall list
complete -c mtq -n "__mtq_at 'mtq firewall list'" -l service -x -a '(__mtq_names services)' -d 'The ranges of this service'
complete -c mtq -n "__mtq_at 'mtq firewall list'" -l lan -d 'The ranges of the local network (server.lan)'
complete -c mtq -n "__mtq_at 'mtq firewall list'" -l json -d 'Print JSON, for programs'
complete -c mtq -n "__mtq_at 'mtq firewall list'" -l help -d 'Show this message and exit'

# mtq firewall add
complete -c mtq -n "__mtq_at 'mtq firewall add'" -l service -x -a '(__mtq_names services)' -d 'The ranges of this service'
complete -c mtq -n "__mtq_at 'mtq firewall add'" -l lan -d 'The ranges of the local network (server.lan)'
complete -c mtq -n "__mtq_at 'mtq firewall add'" -l exclude -d 'Shut these out: the same as `!` before each'
complete -c mtq -n "__mtq_at 'mtq firewall add'" -l expires -x -d 'For how long: 90, 30s, 5m, 24h, 7d'
complete -c mtq -n "__mtq_at 'mtq firewall add'" -l comment -x -d 'What it is for'
complete -c mtq -n "__mtq_at 'mtq firewall add'" -l quiet -d 'Say nothing when all went well'
complete -c mtq -n "__mtq_at 'mtq firewall add'" -l dry-run -d 'Show what would change, and change nothing'
complete -c mtq -n "__mtq_at 'mtq firewall add'" -l help -d 'Show this message and exit'

# mtq firewall remove
complete -c mtq -n "__mtq_at 'mtq firewall remove'" -l service -x -a '(__mtq_names services)' -d 'The ranges of this service'
complete -c mtq -n "__mtq_at 'mtq firewall remove'" -l lan -d 'The ranges of the local network (server.lan)'
complete -c mtq -n "__mtq_at 'mtq firewall remove'" -l exclude -d 'Shut these out: the same as `!` before each'
complete -c mtq -n "__mtq_at 'mtq firewall remove'" -l quiet -d 'Say nothing when all went well'
complete -c mtq -n "__mtq_at 'mtq firewall remove'" -l dry-run -d 'Show what would change, and change nothing'
complete -c mtq -n "__mtq_at 'mtq firewall remove'" -l help -d 'Show this message and exit'

# mtq firewall import
complete -c mtq -n "__mtq_at 'mtq firewall import'" -l service -x -a '(__mtq_names services)' -d 'The ranges of this service'
complete -c mtq -n "__mtq_at 'mtq firewall import'" -l lan -d 'The ranges of the local network (server.lan)'
complete -c mtq -n "__mtq_at 'mtq firewall import'" -l exclude -d 'Shut these out: the same as `!` before each'
complete -c mtq -n "__mtq_at 'mtq firewall import'" -l expires -x -d 'For how long: 90, 30s, 5m, 24h, 7d'
complete -c mtq -n "__mtq_at 'mtq firewall import'" -l comment -x -d 'What it is for'
complete -c mtq -n "__mtq_at 'mtq firewall import'" -l quiet -d 'Say nothing when all went well'
complete -c mtq -n "__mtq_at 'mtq firewall import'" -l dry-run -d 'Show what would change, and change nothing'
complete -c mtq -n "__mtq_at 'mtq firewall import'" -l help -d 'Show this message and exit'
complete -c mtq -n "__mtq_at 'mtq firewall import' 1" -F

# mtq firewall mode
complete -c mtq -n "__mtq_at 'mtq firewall mode'" -l service -x -a '(__mtq_names services)' -d 'The service'
complete -c mtq -n "__mtq_at 'mtq firewall mode'" -l quiet -d 'Say nothing when all went well'
complete -c mtq -n "__mtq_at 'mtq firewall mode'" -l dry-run -d 'Show what would change, and change nothing'
complete -c mtq -n "__mtq_at 'mtq firewall mode'" -l help -d 'Show this message and exit'
complete -c mtq -n "__mtq_at 'mtq firewall mode' 1" -a 'any firewall firewall+lan'

# mtq firewall test
complete -c mtq -n "__mtq_at 'mtq firewall test'" -l service -x -a '(__mtq_names services)' -d 'The ranges of this service'
complete -c mtq -n "__mtq_at 'mtq firewall test'" -l lan -d 'The ranges of the local network (server.lan)'
complete -c mtq -n "__mtq_at 'mtq firewall test'" -l json -d 'Print JSON, for programs'
complete -c mtq -n "__mtq_at 'mtq firewall test'" -l help -d 'Show this message and exit'

# mtq proxy
complete -c mtq -n "__mtq_at 'mtq proxy' 1" -a 'test' -d 'Call a server as the proxy would, and say what a client gets'
complete -c mtq -n "__mtq_at 'mtq proxy' 1" -a 'status' -d 'Show the proxies'
complete -c mtq -n "__mtq_at 'mtq proxy' 1" -a 'failures' -d 'List where APOP is not tried again'
complete -c mtq -n "__mtq_at 'mtq proxy' 1" -a 'forget' -d 'Try APOP again where a server has refused it'
complete -c mtq -n "__mtq_at 'mtq proxy' 1" -a 'allow' -d 'Choose the servers at which users may log in'
complete -c mtq -n "__mtq_at 'mtq proxy'" -l help -d 'Show this message and exit'

# mtq proxy test
complete -c mtq -n "__mtq_at 'mtq proxy test'" -l user -x -d 'Log in there as this user, and look at the mailbox'
complete -c mtq -n "__mtq_at 'mtq proxy test'" -l password-stdin -d 'Read the password from standard input, its first line'
complete -c mtq -n "__mtq_at 'mtq proxy test'" -l service -x -a '(__mtq_names services)' -d 'By this service\'s proxy; else by the first that is on'
complete -c mtq -n "__mtq_at 'mtq proxy test'" -l dial -d 'Bring up the dial-up link where a login would'
complete -c mtq -n "__mtq_at 'mtq proxy test'" -l json -d 'Print JSON, for programs'
complete -c mtq -n "__mtq_at 'mtq proxy test'" -l quiet -d 'Say nothing when all went well'
complete -c mtq -n "__mtq_at 'mtq proxy test'" -l help -d 'Show this message and exit'

# mtq proxy status
complete -c mtq -n "__mtq_at 'mtq proxy status'" -l json -d 'Print JSON, for programs'
complete -c mtq -n "__mtq_at 'mtq proxy status'" -l help -d 'Show this message and exit'

# mtq proxy failures
complete -c mtq -n "__mtq_at 'mtq proxy failures'" -l json -d 'Print JSON, for programs'
complete -c mtq -n "__mtq_at 'mtq proxy failures'" -l help -d 'Show this message and exit'

# mtq proxy forget
complete -c mtq -n "__mtq_at 'mtq proxy forget'" -l quiet -d 'Say nothing when all went well'
complete -c mtq -n "__mtq_at 'mtq proxy forget'" -l dry-run -d 'Show what would change, and change nothing'
complete -c mtq -n "__mtq_at 'mtq proxy forget'" -l help -d 'Show this message and exit'

# mtq proxy allow
complete -c mtq -n "__mtq_at 'mtq proxy allow' 1" -a 'list' -d 'List the servers at which users may log in, service by service'
complete -c mtq -n "__mtq_at 'mtq proxy allow' 1" -a 'add' -d 'Allow servers'
complete -c mtq -n "__mtq_at 'mtq proxy allow' 1" -a 'remove' -d 'Allow servers no longer'
complete -c mtq -n "__mtq_at 'mtq proxy allow'" -l help -d 'Show this message and exit'

# mtq proxy allow list
complete -c mtq -n "__mtq_at 'mtq proxy allow list'" -l service -x -a '(__mtq_names services)' -d 'Only what this service\'s proxy may call'
complete -c mtq -n "__mtq_at 'mtq proxy allow list'" -l json -d 'Print JSON, for programs'
complete -c mtq -n "__mtq_at 'mtq proxy allow list'" -l help -d 'Show this message and exit'

# mtq proxy allow add
complete -c mtq -n "__mtq_at 'mtq proxy allow add'" -l service -x -a '(__mtq_names services)' -d 'The service whose proxy it is'
complete -c mtq -n "__mtq_at 'mtq proxy allow add'" -l quiet -d 'Say nothing when all went well'
complete -c mtq -n "__mtq_at 'mtq proxy allow add'" -l dry-run -d 'Show what would change, and change nothing'
complete -c mtq -n "__mtq_at 'mtq proxy allow add'" -l help -d 'Show this message and exit'

# mtq proxy allow remove
complete -c mtq -n "__mtq_at 'mtq proxy allow remove'" -l service -x -a '(__mtq_names services)' -d 'The service whose proxy it is'
complete -c mtq -n "__mtq_at 'mtq proxy allow remove'" -l quiet -d 'Say nothing when all went well'
complete -c mtq -n "__mtq_at 'mtq proxy allow remove'" -l dry-run -d 'Show what would change, and change nothing'
complete -c mtq -n "__mtq_at 'mtq proxy allow remove'" -l help -d 'Show this message and exit'

# mtq session
complete -c mtq -n "__mtq_at 'mtq session' 1" -a 'list' -d 'List the sessions of the running server'
complete -c mtq -n "__mtq_at 'mtq session' 1" -a 'kick' -d 'End sessions'
complete -c mtq -n "__mtq_at 'mtq session'" -l help -d 'Show this message and exit'

# mtq session list
complete -c mtq -n "__mtq_at 'mtq session list'" -l json -d 'Print JSON, for programs'
complete -c mtq -n "__mtq_at 'mtq session list'" -l help -d 'Show this message and exit'

# mtq session kick
complete -c mtq -n "__mtq_at 'mtq session kick'" -l user -x -a '(__mtq_names users)' -d 'All sessions of this user'
complete -c mtq -n "__mtq_at 'mtq session kick'" -l address -x -d 'All sessions from this address'
complete -c mtq -n "__mtq_at 'mtq session kick'" -l quiet -d 'Say nothing when all went well'
complete -c mtq -n "__mtq_at 'mtq session kick'" -l dry-run -d 'Show what would change, and change nothing'
complete -c mtq -n "__mtq_at 'mtq session kick'" -l help -d 'Show this message and exit'

# mtq lock
complete -c mtq -n "__mtq_at 'mtq lock' 1" -a 'list' -d 'List the mailboxes that are locked, and who holds them'
complete -c mtq -n "__mtq_at 'mtq lock' 1" -a 'show' -d 'Show who holds a mailbox'
complete -c mtq -n "__mtq_at 'mtq lock' 1" -a 'release' -d 'End the session that holds a mailbox'
complete -c mtq -n "__mtq_at 'mtq lock'" -l help -d 'Show this message and exit'

# mtq lock list
complete -c mtq -n "__mtq_at 'mtq lock list'" -l json -d 'Print JSON, for programs'
complete -c mtq -n "__mtq_at 'mtq lock list'" -l help -d 'Show this message and exit'

# mtq lock show
complete -c mtq -n "__mtq_at 'mtq lock show'" -l json -d 'Print JSON, for programs'
complete -c mtq -n "__mtq_at 'mtq lock show'" -l help -d 'Show this message and exit'
complete -c mtq -n "__mtq_at 'mtq lock show' 1" -a '(__mtq_names users)'

# mtq lock release
complete -c mtq -n "__mtq_at 'mtq lock release'" -l quiet -d 'Say nothing when all went well'
complete -c mtq -n "__mtq_at 'mtq lock release'" -l dry-run -d 'Show what would change, and change nothing'
complete -c mtq -n "__mtq_at 'mtq lock release'" -l help -d 'Show this message and exit'
complete -c mtq -n "__mtq_at 'mtq lock release' 1" -a '(__mtq_names users)'

# mtq penalty
complete -c mtq -n "__mtq_at 'mtq penalty' 1" -a 'list' -d 'List addresses whose failed logins are answered ever later'
complete -c mtq -n "__mtq_at 'mtq penalty' 1" -a 'forget' -d 'Forget the failures of an address'
complete -c mtq -n "__mtq_at 'mtq penalty'" -l help -d 'Show this message and exit'

# mtq penalty list
complete -c mtq -n "__mtq_at 'mtq penalty list'" -l json -d 'Print JSON, for programs'
complete -c mtq -n "__mtq_at 'mtq penalty list'" -l help -d 'Show this message and exit'

# mtq penalty forget
complete -c mtq -n "__mtq_at 'mtq penalty forget'" -l quiet -d 'Say nothing when all went well'
complete -c mtq -n "__mtq_at 'mtq penalty forget'" -l dry-run -d 'Show what would change, and change nothing'
complete -c mtq -n "__mtq_at 'mtq penalty forget'" -l help -d 'Show this message and exit'

# mtq user
complete -c mtq -n "__mtq_at 'mtq user' 1" -a 'list' -d 'List the users'
complete -c mtq -n "__mtq_at 'mtq user' 1" -a 'add' -d 'Add a user'
complete -c mtq -n "__mtq_at 'mtq user' 1" -a 'passwd' -d 'Give a user another password'
complete -c mtq -n "__mtq_at 'mtq user' 1" -a 'remove' -d 'Remove a user from the users file'
complete -c mtq -n "__mtq_at 'mtq user' 1" -a 'check' -d 'Say whether a password is the user\'s'
complete -c mtq -n "__mtq_at 'mtq user'" -l help -d 'Show this message and exit'

# mtq user list
complete -c mtq -n "__mtq_at 'mtq user list'" -l json -d 'Print JSON, for programs'
complete -c mtq -n "__mtq_at 'mtq user list'" -l help -d 'Show this message and exit'

# mtq user add
complete -c mtq -n "__mtq_at 'mtq user add'" -l password-stdin -d 'Read the password from standard input, its first line'
complete -c mtq -n "__mtq_at 'mtq user add'" -l scheme -x -a 'ARGON2ID SCRAM-SHA-256 BLF-CRYPT SHA512-CRYPT SHA256-CRYPT SSHA PLAIN' -d 'How the password is stored; SCRAM needs SCRAM-SHA-256 or PLAIN, APOP needs PLAIN'
complete -c mtq -n "__mtq_at 'mtq user add'" -l quiet -d 'Say nothing when all went well'
complete -c mtq -n "__mtq_at 'mtq user add'" -l dry-run -d 'Show what would change, and change nothing'
complete -c mtq -n "__mtq_at 'mtq user add'" -l help -d 'Show this message and exit'

# mtq user passwd
complete -c mtq -n "__mtq_at 'mtq user passwd'" -l password-stdin -d 'Read the password from standard input, its first line'
complete -c mtq -n "__mtq_at 'mtq user passwd'" -l scheme -x -a 'ARGON2ID SCRAM-SHA-256 BLF-CRYPT SHA512-CRYPT SHA256-CRYPT SSHA PLAIN' -d 'How the password is stored; SCRAM needs SCRAM-SHA-256 or PLAIN, APOP needs PLAIN'
complete -c mtq -n "__mtq_at 'mtq user passwd'" -l quiet -d 'Say nothing when all went well'
complete -c mtq -n "__mtq_at 'mtq user passwd'" -l dry-run -d 'Show what would change, and change nothing'
complete -c mtq -n "__mtq_at 'mtq user passwd'" -l help -d 'Show this message and exit'
complete -c mtq -n "__mtq_at 'mtq user passwd' 1" -a '(__mtq_names users)'

# mtq user remove
complete -c mtq -n "__mtq_at 'mtq user remove'" -l quiet -d 'Say nothing when all went well'
complete -c mtq -n "__mtq_at 'mtq user remove'" -l dry-run -d 'Show what would change, and change nothing'
complete -c mtq -n "__mtq_at 'mtq user remove'" -l help -d 'Show this message and exit'
complete -c mtq -n "__mtq_at 'mtq user remove' 1" -a '(__mtq_names users)'

# mtq user check
complete -c mtq -n "__mtq_at 'mtq user check'" -l password-stdin -d 'Read the password from standard input, its first line'
complete -c mtq -n "__mtq_at 'mtq user check'" -l help -d 'Show this message and exit'
complete -c mtq -n "__mtq_at 'mtq user check' 1" -a '(__mtq_names users)'

# mtq mailbox
complete -c mtq -n "__mtq_at 'mtq mailbox' 1" -a 'list' -d 'List every user\'s mailbox, with messages and octets'
complete -c mtq -n "__mtq_at 'mtq mailbox' 1" -a 'status' -d 'Show one user\'s mailbox'
complete -c mtq -n "__mtq_at 'mtq mailbox' 1" -a 'deliver' -d 'Deliver a message from standard input'
complete -c mtq -n "__mtq_at 'mtq mailbox' 1" -a 'import' -d 'Import the messages of an mbox or a Maildir'
complete -c mtq -n "__mtq_at 'mtq mailbox' 1" -a 'adopt' -d 'Keep the unique ids that Dovecot or Courier gave'
complete -c mtq -n "__mtq_at 'mtq mailbox'" -l help -d 'Show this message and exit'

# mtq mailbox list
complete -c mtq -n "__mtq_at 'mtq mailbox list'" -l json -d 'Print JSON, for programs'
complete -c mtq -n "__mtq_at 'mtq mailbox list'" -l help -d 'Show this message and exit'

# mtq mailbox status
complete -c mtq -n "__mtq_at 'mtq mailbox status'" -l json -d 'Print JSON, for programs'
complete -c mtq -n "__mtq_at 'mtq mailbox status'" -l help -d 'Show this message and exit'
complete -c mtq -n "__mtq_at 'mtq mailbox status' 1" -a '(__mtq_names users)'

# mtq mailbox deliver
complete -c mtq -n "__mtq_at 'mtq mailbox deliver'" -l help -d 'Show this message and exit'
complete -c mtq -n "__mtq_at 'mtq mailbox deliver' 1" -a '(__mtq_names users)'

# mtq mailbox import
complete -c mtq -n "__mtq_at 'mtq mailbox import'" -l json -d 'Print JSON, for programs'
complete -c mtq -n "__mtq_at 'mtq mailbox import'" -l quiet -d 'Say nothing when all went well'
complete -c mtq -n "__mtq_at 'mtq mailbox import'" -l dry-run -d 'Show what would change, and change nothing'
complete -c mtq -n "__mtq_at 'mtq mailbox import'" -l help -d 'Show this message and exit'
complete -c mtq -n "__mtq_at 'mtq mailbox import' 1" -a '(__mtq_names users)'
complete -c mtq -n "__mtq_at 'mtq mailbox import' 2" -F

# mtq mailbox adopt
complete -c mtq -n "__mtq_at 'mtq mailbox adopt'" -l format -x -d 'Dovecot\'s pop3_uidl_format'
complete -c mtq -n "__mtq_at 'mtq mailbox adopt'" -l from -x -a 'dovecot courier' -d 'dovecot or courier; needed where both have left a list'
complete -c mtq -n "__mtq_at 'mtq mailbox adopt'" -l json -d 'Print JSON, for programs'
complete -c mtq -n "__mtq_at 'mtq mailbox adopt'" -l quiet -d 'Say nothing when all went well'
complete -c mtq -n "__mtq_at 'mtq mailbox adopt'" -l dry-run -d 'Show what would change, and change nothing'
complete -c mtq -n "__mtq_at 'mtq mailbox adopt'" -l help -d 'Show this message and exit'
complete -c mtq -n "__mtq_at 'mtq mailbox adopt' 1" -a '(__mtq_names users)'

# mtq cert
complete -c mtq -n "__mtq_at 'mtq cert' 1" -a 'create' -d 'Make a certificate by mtq\'s own authority'
complete -c mtq -n "__mtq_at 'mtq cert' 1" -a 'show' -d 'Show the certificates that are served'
complete -c mtq -n "__mtq_at 'mtq cert' 1" -a 'check' -d 'Say whether all certificates are good for some days'
complete -c mtq -n "__mtq_at 'mtq cert'" -l help -d 'Show this message and exit'

# mtq cert create
complete -c mtq -n "__mtq_at 'mtq cert create'" -l name -x -d 'A further host name or address; may be given several times'
complete -c mtq -n "__mtq_at 'mtq cert create'" -l out -r -F -d 'Write ca.pem, server.pem and server.key there instead'
complete -c mtq -n "__mtq_at 'mtq cert create'" -l force -d 'Make another, though this one is good'
complete -c mtq -n "__mtq_at 'mtq cert create'" -l quiet -d 'Say nothing when it went well'
complete -c mtq -n "__mtq_at 'mtq cert create'" -l dry-run -d 'Say what would be made, and make nothing'
complete -c mtq -n "__mtq_at 'mtq cert create'" -l help -d 'Show this message and exit'

# mtq cert show
complete -c mtq -n "__mtq_at 'mtq cert show'" -l service -x -a '(__mtq_names services)' -d 'Only what this service serves, enabled or not'
complete -c mtq -n "__mtq_at 'mtq cert show'" -l json -d 'As JSON'
complete -c mtq -n "__mtq_at 'mtq cert show'" -l help -d 'Show this message and exit'

# mtq cert check
complete -c mtq -n "__mtq_at 'mtq cert check'" -l days -x -d 'How long all have to be good'
complete -c mtq -n "__mtq_at 'mtq cert check'" -l service -x -a '(__mtq_names services)' -d 'Only what this service serves, enabled or not'
complete -c mtq -n "__mtq_at 'mtq cert check'" -l json -d 'As JSON'
complete -c mtq -n "__mtq_at 'mtq cert check'" -l quiet -d 'Say nothing when it went well'
complete -c mtq -n "__mtq_at 'mtq cert check'" -l help -d 'Show this message and exit'

# mtq config
complete -c mtq -n "__mtq_at 'mtq config' 1" -a 'show' -d 'Print the whole configuration in force, defaults included'
complete -c mtq -n "__mtq_at 'mtq config' 1" -a 'check' -d 'Say whether the configuration and the files it names are right'
complete -c mtq -n "__mtq_at 'mtq config' 1" -a 'path' -d 'Print the path of the configuration'
complete -c mtq -n "__mtq_at 'mtq config' 1" -a 'get' -d 'Print the value in force of a key'
complete -c mtq -n "__mtq_at 'mtq config' 1" -a 'set' -d 'Set a key, or several at once'
complete -c mtq -n "__mtq_at 'mtq config'" -l help -d 'Show this message and exit'

# mtq config show
complete -c mtq -n "__mtq_at 'mtq config show'" -l json -d 'Print JSON, for programs'
complete -c mtq -n "__mtq_at 'mtq config show'" -l help -d 'Show this message and exit'

# mtq config check
complete -c mtq -n "__mtq_at 'mtq config check'" -l help -d 'Show this message and exit'

# mtq config path
complete -c mtq -n "__mtq_at 'mtq config path'" -l json -d 'Print JSON, for programs'
complete -c mtq -n "__mtq_at 'mtq config path'" -l help -d 'Show this message and exit'

# mtq config get
complete -c mtq -n "__mtq_at 'mtq config get'" -l json -d 'Print JSON, for programs'
complete -c mtq -n "__mtq_at 'mtq config get'" -l help -d 'Show this message and exit'
complete -c mtq -n "__mtq_at 'mtq config get' 1" -a '(__mtq_keys)'

# mtq config set
complete -c mtq -n "__mtq_at 'mtq config set'" -l quiet -d 'Say nothing when all went well'
complete -c mtq -n "__mtq_at 'mtq config set'" -l dry-run -d 'Show what would change, and change nothing'
complete -c mtq -n "__mtq_at 'mtq config set'" -l help -d 'Show this message and exit'
complete -c mtq -n "__mtq_at 'mtq config set' 1+" -a '(__mtq_pair)'

# mtq log
complete -c mtq -n "__mtq_at 'mtq log'" -l follow -s f -d 'Go on with what comes, until Ctrl-C'
complete -c mtq -n "__mtq_at 'mtq log'" -l lines -s n -x -d 'How many of the last lines'
complete -c mtq -n "__mtq_at 'mtq log'" -l json -d 'Print JSON, for programs'
complete -c mtq -n "__mtq_at 'mtq log'" -l help -d 'Show this message and exit'

# mtq tui
complete -c mtq -n "__mtq_at 'mtq tui' 1" -a 'dashboard' -d 'Watch and steer the running server'
complete -c mtq -n "__mtq_at 'mtq tui'" -l help -d 'Show this message and exit'

# mtq tui dashboard
complete -c mtq -n "__mtq_at 'mtq tui dashboard'" -l read-only -d 'Only look: what changes things is not there'
complete -c mtq -n "__mtq_at 'mtq tui dashboard'" -l help -d 'Show this message and exit'

# mtq completion
complete -c mtq -n "__mtq_at 'mtq completion' 1" -a 'bash' -d 'Print the script for bash'
complete -c mtq -n "__mtq_at 'mtq completion' 1" -a 'zsh' -d 'Print the script for zsh'
complete -c mtq -n "__mtq_at 'mtq completion' 1" -a 'fish' -d 'Print the script for fish'
complete -c mtq -n "__mtq_at 'mtq completion'" -l help -d 'Show this message and exit'

# mtq completion bash
complete -c mtq -n "__mtq_at 'mtq completion bash'" -l help -d 'Show this message and exit'

# mtq completion zsh
complete -c mtq -n "__mtq_at 'mtq completion zsh'" -l help -d 'Show this message and exit'

# mtq completion fish
complete -c mtq -n "__mtq_at 'mtq completion fish'" -l help -d 'Show this message and exit'
