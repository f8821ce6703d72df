# dualwrited.fish - completion for fish. What fits is the program's own answer, so that it is that of the installed version.

function __dualwrited_fits
    set -l words (commandline -opc)
    set -l program (string replace -r -- '^~/' "$HOME/" $words[1])
    command -q $program; or return
    set -l typed (commandline -ct)
    set -l value (string replace -r -- '^--[^=]*=' '' $typed)
    set -l before (string sub -l (math (string length -- "$typed") - (string length -- "$value")) -- "$typed")
    for line in (command $program completion -- $words[2..-1] "$typed" 2>/dev/null)
        switch $line
            case :file
                for file in (__fish_complete_path "$value")
                    echo -- $before$file
                end
            case :folder
                for folder in (__fish_complete_directories "$value")
                    echo -- $before$folder
                end
            case '*'
                echo -- $line
        end
    end
end

complete -c dualwrited -f -a '(__dualwrited_fits)'
