//! Whether there is a terminal for a screen.

use std::io::IsTerminal;

use super::CliError;

/// Whether a screen can be shown: standard input and output are a terminal that knows more than `dumb`. If not, the error
/// names `command_alternative`, a command that needs none.
pub fn require(command_alternative: &str) -> Result<(), CliError> {
    let term = std::env::var_os("TERM");
    let both = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    lacking(term.as_deref().and_then(|term| term.to_str()), both)
        .map_or(Ok(()), |lack| Err(CliError::usage(format!("{lack}; without a screen: `{command_alternative}`"))))
}

fn lacking(term: Option<&str>, both_are_terminals: bool) -> Option<&'static str> {
    if !both_are_terminals {
        Some("the console needs a terminal on standard input and output")
    } else if term == Some("dumb") {
        Some("the console needs a terminal that can do more than TERM=dumb")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_screen_needs_a_terminal_that_is_not_dumb() {
        assert_eq!(lacking(Some("xterm-256color"), true), None);
        assert_eq!(lacking(None, true), None);
        assert!(lacking(Some("dumb"), true).is_some_and(|words| words.contains("TERM=dumb")));
        assert!(lacking(Some("xterm"), false).is_some_and(|words| words.contains("terminal")));
    }
}
