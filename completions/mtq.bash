# bash completion for mtq. Written by `mtq completion bash`; a change of the command line is followed by
# `make completions`.

# The sub-commands and the options of a command.
_mtq_command() {
    commands=() options=() takes='' choices=()
    case $1 in
        mtq) options=(--config --version --help) commands=(serve init status reload stop service firewall proxy session lock penalty user mailbox cert config log tui completion) ;;
        'mtq serve') options=(--demo --help) ;;
        'mtq init') options=(--create-user --quiet --dry-run --help) ;;
        'mtq status') options=(--json --check --user --password-stdin --help) ;;
        'mtq reload') options=(--json --quiet --dry-run --help) ;;
        'mtq stop') options=(--quiet --dry-run --help) ;;
        'mtq service') options=(--help) commands=(list show add set remove enable disable start stop restart) ;;
        'mtq service list') options=(--json --help) ;;
        'mtq service show') options=(--json --help) ;;
        'mtq service add') options=(--listen --quiet --dry-run --help) ;;
        'mtq service set') options=(--quiet --dry-run --help) ;;
        'mtq service remove') options=(--quiet --dry-run --help) ;;
        'mtq service enable') options=(--now --quiet --dry-run --help) ;;
        'mtq service disable') options=(--now --quiet --dry-run --help) ;;
        'mtq service start') options=(--quiet --dry-run --help) ;;
        'mtq service stop') options=(--quiet --dry-run --help) ;;
        'mtq service restart') options=(--quiet --dry-run --help) ;;
        'mtq firewall') options=(--help) commands=(list add remove import mode test) ;;
        'mtq firewall list') options=(--service --lan --json --help) ;;
        'mtq firewall add') options=(--service --lan --exclude --expires --comment --quiet --dry-run --help) ;;
        'mtq firewall remove') options=(--service --lan --exclude --quiet --dry-run --help) ;;
        'mtq firewall import') options=(--service --lan --exclude --expires --comment --quiet --dry-run --help) ;;
        'mtq firewall mode') options=(--service --quiet --dry-run --help) ;;
        'mtq firewall test') options=(--service --lan --json --help) ;;
        'mtq proxy') options=(--help) commands=(test status failures forget allow) ;;
        'mtq proxy test') options=(--user --password-stdin --service --dial --json --quiet --help) ;;
        'mtq proxy status') options=(--json --help) ;;
        'mtq proxy failures') options=(--json --help) ;;
        'mtq proxy forget') options=(--quiet --dry-run --help) ;;
        'mtq proxy allow') options=(--help) commands=(list add remove) ;;
        'mtq proxy allow list') options=(--service --json --help) ;;
        'mtq proxy allow add') options=(--service --quiet --dry-run --help) ;;
        'mtq proxy allow remove') options=(--service --quiet --dry-run --help) ;;
        'mtq session') options=(--help) commands=(list kick) ;;
        'mtq session list') options=(--json --help) ;;
        'mtq session kick') options=(--user --address --quiet --dry-run --help) ;;
        'mtq lock') options=(--help) commands=(list show release) ;;
        'mtq lock list') options=(--json --help) ;;
        'mtq lock show') options=(--json --help) ;;
        'mtq lock release') options=(--quiet --dry-run --help) ;;
        'mtq penalty') options=(--help) commands=(list forget) ;;
        'mtq penalty list') options=(--json --help) ;;
        'mtq penalty forget') options=(--quiet --dry-run --help) ;;
        'mtq user') options=(--help) commands=(list add passwd remove check) ;;
        'mtq user list') options=(--json --help) ;;
        'mtq user add') options=(--password-stdin --scheme --quiet --dry-run --help) ;;
        'mtq user passwd') options=(--password-stdin --scheme --quiet --dry-run --help) ;;
        'mtq user remove') options=(--quiet --dry-run --help) ;;
        'mtq user check') options=(--password-stdin --help) ;;
        'mtq mailbox') options=(--help) commands=(list status deliver import adopt) ;;
        'mtq mailbox list') options=(--json --help) ;;
        'mtq mailbox status') options=(--json --help) ;;
        'mtq mailbox deliver') options=(--help) ;;
        'mtq mailbox import') options=(--json --quiet --dry-run --help) ;;
        'mtq mailbox adopt') options=(--format --from --json --quiet --dry-run --help) ;;
        'mtq cert') options=(--help) commands=(create show check) ;;
        'mtq cert create') options=(--name --out --force --quiet --dry-run --help) ;;
        'mtq cert show') options=(--service --json --help) ;;
        'mtq cert check') options=(--days --service --json --quiet --help) ;;
        'mtq config') options=(--help) commands=(show check path get set) ;;
        'mtq config show') options=(--json --help) ;;
        'mtq config check') options=(--help) ;;
        'mtq config path') options=(--json --help) ;;
        'mtq config get') options=(--json --help) ;;
        'mtq config set') options=(--quiet --dry-run --help) ;;
        'mtq log') options=(--follow -f --lines -n --json --help) ;;
        'mtq tui') options=(--help) commands=(dashboard) ;;
        'mtq tui dashboard') options=(--read-only --help) ;;
        'mtq completion') options=(--help) commands=(bash zsh fish) ;;
        'mtq completion bash') options=(--help) ;;
        'mtq completion zsh') options=(--help) ;;
        'mtq completion fish') options=(--help) ;;
    esac
}

# What an option of a command takes, or its argument of that number.
_mtq_takes() {
    commands=() options=() takes='' choices=()
    case $1 in
        'mtq --config') takes=files ;;
        'mtq status --user') takes=users ;;
        'mtq service show 1') takes=services ;;
        'mtq service add --listen') takes=choices choices=(pop3 pop3s) ;;
        'mtq service add 1') takes=nowhere ;;
        'mtq service add'' '[1-9]*) takes=setting ;;
        'mtq service set 1') takes=services ;;
        'mtq service set'' '[1-9]*) takes=setting ;;
        'mtq service remove 1') takes=services ;;
        'mtq service enable 1') takes=services ;;
        'mtq service disable 1') takes=services ;;
        'mtq service start 1') takes=services ;;
        'mtq service stop 1') takes=services ;;
        'mtq service restart 1') takes=services ;;
        'mtq firewall list --service') takes=services ;;
        'mtq firewall add --service') takes=services ;;
        'mtq firewall add --expires') takes=nowhere ;;
        'mtq firewall add --comment') takes=nowhere ;;
        'mtq firewall add'' '[1-9]*) takes=nowhere ;;
        'mtq firewall remove --service') takes=services ;;
        'mtq firewall remove'' '[1-9]*) takes=nowhere ;;
        'mtq firewall import --service') takes=services ;;
        'mtq firewall import --expires') takes=nowhere ;;
        'mtq firewall import --comment') takes=nowhere ;;
        'mtq firewall import 1') takes=files ;;
        'mtq firewall mode --service') takes=services ;;
        'mtq firewall mode 1') takes=choices choices=(any firewall firewall+lan) ;;
        'mtq firewall test --service') takes=services ;;
        'mtq firewall test 1') takes=nowhere ;;
        'mtq proxy test --user') takes=nowhere ;;
        'mtq proxy test --service') takes=services ;;
        'mtq proxy test 1') takes=nowhere ;;
        'mtq proxy forget 1') takes=nowhere ;;
        'mtq proxy forget 2') takes=nowhere ;;
        'mtq proxy allow list --service') takes=services ;;
        'mtq proxy allow add --service') takes=services ;;
        'mtq proxy allow add'' '[1-9]*) takes=nowhere ;;
        'mtq proxy allow remove --service') takes=services ;;
        'mtq proxy allow remove'' '[1-9]*) takes=nowhere ;;
        'mtq session kick --user') takes=users ;;
        'mtq session kick --address') takes=nowhere ;;
        'mtq session kick 1') takes=nowhere ;;
        'mtq lock show 1') takes=users ;;
        'mtq lock release 1') takes=users ;;
        'mtq penalty forget 1') takes=nowhere ;;
        'mtq user add --scheme') takes=choices choices=(ARGON2ID SCRAM-SHA-256 BLF-CRYPT SHA512-CRYPT SHA256-CRYPT SSHA PLAIN) ;;
        'mtq user add 1') takes=nowhere ;;
        'mtq user passwd --scheme') takes=choices choices=(ARGON2ID SCRAM-SHA-256 BLF-CRYPT SHA512-CRYPT SHA256-CRYPT SSHA PLAIN) ;;
        'mtq user passwd 1') takes=users ;;
        'mtq user remove 1') takes=users ;;
        'mtq user check 1') takes=users ;;
        'mtq mailbox status 1') takes=users ;;
        'mtq mailbox deliver 1') takes=users ;;
        'mtq mailbox import 1') takes=users ;;
        'mtq mailbox import 2') takes=files ;;
        'mtq mailbox adopt --format') takes=nowhere ;;
        'mtq mailbox adopt --from') takes=choices choices=(dovecot courier) ;;
        'mtq mailbox adopt 1') takes=users ;;
        'mtq cert create --name') takes=nowhere ;;
        'mtq cert create --out') takes=files ;;
        'mtq cert show --service') takes=services ;;
        'mtq cert check --days') takes=nowhere ;;
        'mtq cert check --service') takes=services ;;
        'mtq config get 1') takes=key ;;
        'mtq config set'' '[1-9]*) takes=pairs ;;
        'mtq log --lines' | 'mtq log -n') takes=nowhere ;;
    esac
}

# What a key of the configuration, or of a service's table, takes.
_mtq_value() {
    commands=() options=() takes='' choices=()
    case $1 in
        server.state_dir) takes=files ;;
        server.control_socket) takes=files ;;
        server.log_format) takes=choices choices=(text json) ;;
        server.log_level) takes=choices choices=(debug info warning error) ;;
        users.file) takes=files ;;
        tls.certificate) takes=files ;;
        tls.key) takes=files ;;
        tls.min_version) takes=choices choices=(1.0 1.1 1.2 1.3) ;;
        enabled) takes=choices choices=(true false) ;;
        tls) takes=choices choices=(off starttls implicit) ;;
        plaintext_auth) takes=choices choices=(never local lan always) ;;
        certificate) takes=files ;;
        key) takes=files ;;
        min_version) takes=choices choices=(1.0 1.1 1.2 1.3) ;;
        mechanisms) takes=choices choices=(auto plain login scram-sha-256 apop) ;;
        access) takes=choices choices=(any firewall firewall+lan) ;;
        firewall_file) takes=files ;;
        folders) takes=choices choices=(inbox all) ;;
        remove_invalid_message_id) takes=choices choices=(true false) ;;
        lock_mailboxes) takes=choices choices=(true false) ;;
        proxy.enabled) takes=choices choices=(true false) ;;
        proxy.only_allowed) takes=choices choices=(true false) ;;
        proxy.tls) takes=choices choices=(auto implicit starttls off) ;;
        proxy.verify) takes=choices choices=(true false) ;;
        proxy.ca_file) takes=files ;;
        proxy.allow_private_targets) takes=choices choices=(true false) ;;
        proxy.dialup.enabled) takes=choices choices=(true false) ;;
    esac
}

# The keys of a service's table.
_mtq_service_keys() {
    candidates=(enabled listen tls plaintext_auth certificate key min_version mechanisms max_connections max_connections_per_address idle_timeout login_timeout access firewall firewall_file folders remove_invalid_message_id lock_mailboxes proxy.enabled proxy.delimiter proxy.only_allowed proxy.allow proxy.tls proxy.verify proxy.ca_file proxy.allow_private_targets proxy.connect_timeout proxy.dialup.enabled proxy.dialup.up proxy.dialup.down proxy.dialup.timeout proxy.dialup.hangup_after)
}

# The keys of the configuration but for the services.
_mtq_config_keys() {
    candidates=(server.hostname server.state_dir server.control_socket server.lan server.user server.shutdown_grace server.auth_failure_delay server.metrics_listen server.log_format server.log_level mailboxes.path users.file tls.certificate tls.key tls.min_version)
}

# The words of the line up to the cursor, as the command would get them. Nothing is run; of what the shell would put
# in, only a leading ~/ and plain $NAME are known.
#   words   the words, the last of them at the cursor
#   typed   that last word as it was typed
#   quote   the quotation mark that is still open in it
#   redirected   whether it names a file after < or >
_mtq_read() {
    local line=${COMP_LINE:0:COMP_POINT} char name word='' begun=''
    words=() typed='' quote='' redirected=''
    while [[ -n $line ]]; do
        char=${line:0:1} line=${line:1}
        case $quote$char in
            [[:space:]])
                [[ -n $begun && -z $redirected ]] && words+=("$word")
                [[ -n $begun ]] && redirected=''
                word='' typed='' begun=''
                continue ;;
            '<' | '>')
                [[ -n $begun && -z $redirected && $word != [0-9'&'] ]] && words+=("$word")
                redirected=yes word='' typed='' begun=''
                continue ;;
            \' | \")
                quote=$char ;;
            \'\' | \"\")
                quote='' ;;
            \\ | \"\\)
                char+=${line:0:1} line=${line:1}
                word+=${char:1} ;;
            \$ | \"\$)
                if [[ $line =~ ^[A-Za-z_][A-Za-z0-9_]* ]]; then
                    name=${BASH_REMATCH[0]}
                    char+=$name line=${line:${#name}}
                    word+=${!name-}
                else
                    word+=$char
                fi ;;
            '~')
                [[ -z $begun && $line == /* ]] && word=$HOME || word+=$char ;;
            *)
                word+=$char ;;
        esac
        typed+=$char begun=yes
    done
    words+=("$word")
}

# Where on the command line the cursor is.
#   path      the command, with the commands above it
#   expected  what the word at the cursor is, if it is the value of the option before
#   position  which argument of the command it else is, from 1
#   before    the argument before it
#   ended     whether a -- has ended the options
#   config    the configuration that the line names
_mtq_walk() {
    local index word option='' choices commands options takes
    path=mtq expected='' position=1 before='' ended='' config=''
    for ((index = 1; index < ${#words[@]} - 1; index++)); do
        word=${words[index]}
        if [[ -n $expected ]]; then
            [[ $path$option == mtq--config ]] && config=$word
            expected=''
        elif [[ -z $ended && $word == -- ]]; then
            ended=yes
        elif [[ -z $ended && $word == --*=* ]]; then
            [[ $path$word == mtq--config=* ]] && config=${word#*=}
        elif [[ -z $ended && $word == -?* ]]; then
            option=$word
            _mtq_takes "$path $option"
            expected=$takes
        else
            _mtq_command "$path"
            if [[ $position == 1 && " ${commands[*]-} " == *" $word "* ]]; then
                path+=" $word" before='' ended=''
            else
                before=$word
                position=$((position + 1))
            fi
        fi
    done
}

# Offer what a parameter takes. $1: what it takes, $2: what stands before it in the same word.
_mtq_offer() {
    local candidates=() choices=() commands options key name takes
    case $1 in
        files)
            compopt -o default ;;       # readline's own: it knows about ~, folders and quotes
        choices)
            _mtq_takes "$place"
            _mtq_reply "$2" ${choices[@]+"${choices[@]}"} ;;
        services | users)
            _mtq_names "$1"
            _mtq_reply "$2" ${candidates[@]+"${candidates[@]}"} ;;
        setting)
            if [[ $word == "$2"*=* ]]; then
                key=${word#"$2"} key=${key%%=*}
                _mtq_offer_value "$key" "$2$key="
            else
                _mtq_service_keys
                _mtq_reply "$2" "${candidates[@]/%/=}"
                compopt -o nospace
            fi ;;
        key)
            if [[ $word == "$2"services.* ]]; then
                _mtq_names services
                for name in ${candidates[@]+"${candidates[@]}"}; do
                    [[ $name == *.* ]] && continue      # it would have to be quoted
                    _mtq_service_keys
                    _mtq_reply "$2services.$name." "${candidates[@]}"
                done
            else
                _mtq_config_keys
                _mtq_reply "$2" "${candidates[@]}" services.
                [[ ${COMPREPLY[*]-} == *services. ]] && compopt -o nospace
            fi ;;
        value)
            _mtq_offer_value "${before#services.*.}" "$2" ;;
        pairs)
            if ((position % 2)); then _mtq_offer key "$2"; else _mtq_offer value "$2"; fi ;;
    esac
}

# Offer the values of a key. $1: the key, $2: what stands before them in the same word.
_mtq_offer_value() {
    local choices takes commands options
    _mtq_value "$1"
    [[ $takes == files ]] && compopt -o default
    _mtq_reply "$2" ${choices[@]+"${choices[@]}"}
}

# Ask mtq for names. It is the mtq of the line, which need not be on the path.
_mtq_names() {
    mapfile -t candidates < <(
        command "${words[0]}" ${config:+--config "$config"} completion names "$1" 2> /dev/null < /dev/null
    )
}

# Reply with those words that fit. $1: what stands before them in the same word.
_mtq_reply() {
    local start=$1 kept=${typed%"$replaced"} candidate quoted
    shift
    kept=${kept%"$quote"}
    for candidate; do
        candidate=$start$candidate
        [[ $candidate == "$word"* ]] || continue
        printf -v quoted %q "$candidate"
        # Between quotation marks others are needed than %q makes: only what needs none is offered there.
        [[ -z $quote || $quoted == "$candidate" ]] || continue
        [[ $quoted == "$kept"* ]] && COMPREPLY+=("${quoted#"$kept"}")
    done
}

_mtq() {
    local IFS=$' \t\n' replaced=$2
    local words typed quote redirected path expected position before ended config
    local word place takes choices commands options
    COMPREPLY=()
    _mtq_read
    _mtq_walk
    word=${words[${#words[@]} - 1]}
    _mtq_command "$path"
    if [[ -n $redirected ]]; then
        _mtq_offer files ''
    elif [[ -n $expected ]]; then
        place="$path ${words[${#words[@]} - 2]}"
        _mtq_offer "$expected" ''
    elif [[ -z $ended && $word == --*=* ]]; then
        place="$path ${word%%=*}"
        _mtq_takes "$place"
        _mtq_offer "$takes" "${word%%=*}="
    elif [[ -z $ended && $word == -* ]]; then
        _mtq_reply '' ${options[@]+"${options[@]}"}
    elif [[ ${#commands[@]} -gt 0 ]]; then
        [[ $position == 1 ]] && _mtq_reply '' "${commands[@]}"
    else
        place="$path $position"
        _mtq_takes "$place"
        _mtq_offer "$takes" ''
    fi
    return 0
}

complete -F _mtq mtq
