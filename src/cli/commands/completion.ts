// `rowhook completion bash|zsh`: scripts made from the table of commands.
import { type Command, command, exit } from '../command.ts'
import { UsageError } from '../errors.ts'
import { flagsOf } from '../parse.ts'

/** @param all the table; a function, because this command is in it */
export function completionCommands(all: () => readonly Command[]): Command[] {
  return [
    command({
      path: 'completion',
      about: 'Print a completion script for a shell',
      args: ['bash|zsh'],
      plain: true,
      examples: [
        'source <(rowhook completion bash)   # in ~/.bashrc',
        'source <(rowhook completion zsh)    # in ~/.zshrc, after compinit',
      ],
      run({ args, terminal }) {
        const [shell] = args
        if (shell !== 'bash' && shell !== 'zsh')
          throw new UsageError('completions are there for bash and zsh', { hint: 'rowhook completion bash' })
        terminal.print((shell === 'bash' ? bashScript : zshScript)(all()).trimEnd())
        return Promise.resolve(exit.ok)
      },
    }),
  ]
}

interface Words {
  /** First words, with what each does. */
  first: [word: string, about: string][]
  /** Second words by first. */
  second: Map<string, string[]>
  /** Options by command; those of `sinks` are those of `sinks list`. */
  flags: Map<string, string[]>
  /** Values by option, where they are few; command and option. */
  values: [command: string, flag: string, choices: readonly string[]][]
  /** Options whose value is a file. */
  files: string[]
}

function wordsOf(commands: readonly Command[]): Words {
  const words: Words = { first: [], second: new Map(), flags: new Map(), values: [], files: [] }
  for (const each of commands) {
    const [first, second] = each.path.split(' ') as [string, string?]
    if (second === undefined) words.first.push([first, each.about])
    else {
      if (!words.second.has(first)) words.first.push([first, `commands for ${first}`])
      words.second.set(first, [...(words.second.get(first) ?? []), second])
    }
    const flags = Object.entries(flagsOf(each))
    const paths = second === 'list' ? [each.path, first] : [each.path]
    for (const path of paths) {
      words.flags.set(
        path,
        flags.map(([name]) => `--${name}`),
      )
      for (const [name, { choices }] of flags)
        if (choices !== undefined) words.values.push([path, `--${name}`, choices])
    }
    for (const [name, { file }] of flags) if (file === true) words.files.push(`--${name}`)
  }
  words.values.push(['completion', '', ['bash', 'zsh']])
  words.files = [...new Set(words.files)]
  return words
}

/** Names of commands whose argument is a file. */
const fileArguments = ['plan', 'apply']

// Both scripts find the command in the first two words, then offer its options, or the values of the
// option before the cursor. Words are made of letters and hyphens, so nothing needs quoting.
const bashScript = (commands: readonly Command[]): string => {
  const { first, second, flags, values, files } = wordsOf(commands)
  return `# bash completion for rowhook
_rowhook() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} words=
  local command="\${COMP_WORDS[1]} \${COMP_WORDS[2]}"
  case $command in
    ${[...flags.keys()]
      .filter((path) => path.includes(' '))
      .map((path) => `"${path}"`)
      .join('|')}) ;;
    *) command=\${COMP_WORDS[1]} ;;
  esac
  COMPREPLY=()
  if [[ $COMP_CWORD -eq 1 ]]; then
    words="${first.map(([word]) => word).join(' ')} --help --version"
  else
    case "$command $previous" in
${values
  .filter(([, flag]) => flag !== '')
  .map(([path, flag, choices]) => `      "${path} ${flag}") words="${choices.join(' ')}" ;;`)
  .join('\n')}
    esac
    case $previous in
      ${files.join('|')}) COMPREPLY=($(compgen -f -- "$current")); return ;;
    esac
    if [[ -z $words ]]; then
      case $command in
${[...flags].map(([path, names]) => `        "${path}") words="${names.join(' ')}" ;;`).join('\n')}
      esac
      if [[ $current != -* ]]; then
        words=
        case $command in
          ${fileArguments.join('|')}) COMPREPLY=($(compgen -f -- "$current")); return ;;
          completion) words="bash zsh" ;;
        esac
      fi
      if [[ $COMP_CWORD -eq 2 ]]; then
        case \${COMP_WORDS[1]} in
${[...second].map(([group, verbs]) => `          ${group}) words="$words ${verbs.join(' ')}" ;;`).join('\n')}
        esac
      fi
    fi
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _rowhook rowhook
`
}

const zshScript = (commands: readonly Command[]): string => {
  const { first, second, flags, values, files } = wordsOf(commands)
  const described = first.map(
    ([word, about]) => `    '${word}:${about.replaceAll("'", "'\\''").replaceAll(':', '\\:')}'`,
  )
  return `#compdef rowhook
# zsh completion for rowhook
_rowhook() {
  local current=\${words[CURRENT]} previous=\${words[CURRENT-1]} command="\${words[2]} \${words[3]}"
  local -a first
  first=(
${described.join('\n')}
  )
  case $command in
    ${[...flags.keys()]
      .filter((path) => path.includes(' '))
      .map((path) => `"${path}"`)
      .join('|')}) ;;
    *) command=\${words[2]} ;;
  esac
  if (( CURRENT == 2 )); then
    _describe command first
    return
  fi
  case "$command $previous" in
${values
  .filter(([, flag]) => flag !== '')
  .map(([path, flag, choices]) => `    "${path} ${flag}") compadd -- ${choices.join(' ')}; return ;;`)
  .join('\n')}
  esac
  case $previous in
    ${files.join('|')}) _files; return ;;
  esac
  if [[ $current == -* ]]; then
    case $command in
${[...flags].map(([path, names]) => `      "${path}") compadd -- ${names.join(' ')} ;;`).join('\n')}
    esac
    return
  fi
  case $command in
    ${fileArguments.join('|')}) _files ;;
    completion) compadd -- bash zsh ;;
  esac
  if (( CURRENT == 3 )); then
    case \${words[2]} in
${[...second].map(([group, verbs]) => `      ${group}) compadd -- ${verbs.join(' ')} ;;`).join('\n')}
    esac
  fi
}
compdef _rowhook rowhook
`
}
