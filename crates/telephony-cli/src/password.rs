//! Where passwords come from: a file, an environment variable or a prompt, never an argument.

use std::io::IsTerminal as _;
use std::path::Path;

/// Reads a password: from the file if there is one, else from the environment variable if that is
/// set, else from a person at a terminal. One line end after it is dropped.
pub(crate) fn read(file: Option<&Path>, variable: &str, prompt: &str) -> Result<String, String> {
    if let Some(file) = file {
        let text = std::fs::read_to_string(file);
        let text = text.map_err(|error| format!("{}: {error}", file.display()))?;
        return Ok(without_line_end(&text).to_owned());
    }
    if let Ok(password) = std::env::var(variable) {
        return Ok(password);
    }
    if !std::io::stdin().is_terminal() {
        return Err(format!(
            "no password: give a file, set {variable}, or run at a terminal"
        ));
    }
    rpassword::prompt_password(prompt).map_err(|error| error.to_string())
}

fn without_line_end(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_end_is_dropped() {
        for (text, password) in [
            ("a", "a"),
            ("a\n", "a"),
            ("a\r\n", "a"),
            ("a\n\n", "a\n"),
            ("", ""),
        ] {
            assert_eq!(without_line_end(text), password);
        }
    }
}
