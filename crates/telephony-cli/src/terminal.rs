//! Text from strangers, made safe to print on a terminal.

use std::fmt::{self, Write};

/// Shows control characters and those that change the direction of writing as escapes.
pub(crate) struct Safe<'a>(pub(crate) &'a str);

impl fmt::Display for Safe<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                write!(f, "{}", c.escape_unicode())
            }
            c if c.is_control() => write!(f, "{}", c.escape_default()),
            c => f.write_char(c),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Safe;

    #[test]
    fn what_moves_the_cursor_or_turns_the_text_is_escaped() {
        assert_eq!(Safe("a\u{1b}[2Jb\r\n").to_string(), "a\\u{1b}[2Jb\\r\\n");
        assert_eq!(Safe("\u{202e}evil").to_string(), "\\u{202e}evil");
        assert_eq!(Safe("Zoë \"x\"").to_string(), "Zoë \"x\"");
    }
}
