//! From the text of a hole to its words.

use serde_json::{Number, Value};

use super::Fault;

/// A word of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A name, `true`, `false` and `null` among them.
    Name(String),
    Text(String),
    Number(Number),
    /// One of `. , | ( ) [ ]`.
    Sign(char),
    /// `}}`
    Close,
}

/// Reads one word after the other.
#[derive(Debug)]
pub(super) struct Lexer<'a> {
    text: &'a str,
    /// Bytes from the start.
    at: usize,
}

impl<'a> Lexer<'a> {
    /// Reads `text` from the byte `at` on, which is a border of characters.
    pub(super) fn new(text: &'a str, at: usize) -> Self {
        Self { text, at }
    }

    /// Where the next word is looked for.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// The next word and where it starts; the text's end is a fault, for the hole is not closed.
    pub(super) fn next(&mut self) -> Result<(usize, Token), Fault> {
        self.skip(char::is_whitespace);
        let start = self.at;
        let Some(first) = self.peek() else {
            return Err(fault(start, "the hole is not closed: }} is missing"));
        };
        let token = match first {
            '}' if self.rest().starts_with("}}") => {
                self.at += 2;
                Token::Close
            }
            '.' | ',' | '|' | '(' | ')' | '[' | ']' => {
                self.at += 1;
                Token::Sign(first)
            }
            '"' => self.text(start)?,
            '-' | '0'..='9' => self.number(start)?,
            _ if is_name(first) => {
                self.skip(is_name);
                Token::Name(self.since(start).to_owned())
            }
            other => return Err(fault(start, format!("`{}` means nothing here", other.escape_debug()))),
        };
        Ok((start, token))
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip(&mut self, is: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.at += rest.find(|char| !is(char)).unwrap_or(rest.len());
    }

    fn number(&mut self, start: usize) -> Result<Token, Fault> {
        self.at += 1;
        self.skip(|char| char.is_ascii_alphanumeric());
        // A dot belongs to it only before a digit.
        if self.rest().strip_prefix('.').is_some_and(|rest| rest.starts_with(|char: char| char.is_ascii_digit())) {
            self.at += 1;
            self.skip(|char| char.is_ascii_alphanumeric());
        }
        if self.since(start).ends_with(['e', 'E']) && self.rest().starts_with(['+', '-']) {
            self.at += 1;
            self.skip(|char| char.is_ascii_alphanumeric());
        }
        let written = self.since(start);
        serde_json::from_str::<Number>(written)
            .map(Token::Number)
            .map_err(|_| fault(start, format!("`{written}` is no number")))
    }

    /// A text in quotes, with JSON's escapes.
    fn text(&mut self, start: usize) -> Result<Token, Fault> {
        let mut escaped = false;
        let end = self.rest().char_indices().skip(1).find(|(_, char)| {
            let ends = *char == '"' && !escaped;
            escaped = *char == '\\' && !escaped;
            ends
        });
        let Some((length, _)) = end else { return Err(fault(start, "the text is not closed: \" is missing")) };
        self.at += length + 1;
        match serde_json::from_str(self.since(start)) {
            Ok(Value::String(text)) => Ok(Token::Text(text)),
            _ => Err(fault(start, "the text has an escape that JSON does not know, or a line break in it")),
        }
    }
}

/// A fault at `at`.
pub(super) fn fault(at: usize, what: impl Into<String>) -> Fault {
    Fault { at, what: what.into() }
}

/// Whether a name may hold it: identifiers of the clouds' models have letters, digits, `_`, `-`, `$` and, for Aliyun's modules, `:`.
fn is_name(char: char) -> bool {
    char.is_alphanumeric() || matches!(char, '_' | '-' | '$' | ':')
}
