//! JSON re-indented: each token as it came, one row at a time.
//!
//! What lives here: where rows of pretty JSON break. A container that fits the rest of its row stays on it; only the
//! outermost is always opened. What may not: anything that needs more than the place where the last row ended.

use super::json::{self, Kind, Token};
use super::row::Filler;
use crate::console::theme::Role;
use crate::text::width;

/// Cells for each level of depth.
const INDENT: usize = 2;

/// Where a row begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// The next byte.
    at: usize,
    /// Open containers that have rows of their own.
    depth: usize,
    /// Open containers that share a row.
    inline: usize,
    /// The rest of a string or number that did not fit: its role and its end.
    rest: Option<(Role, usize)>,
    /// Whether the last row was full before its content ended.
    wrapped: bool,
}

/// What a token did to its row.
enum Step {
    /// There is room for more.
    Next,
    /// The row ends here.
    End,
    /// The row was full.
    Full,
}

impl Place {
    /// The next byte of the text.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Whether `text` has no more rows.
    pub(super) fn is_done(&self, text: &str) -> bool {
        json::skip_space(text.as_bytes(), self.at) == text.len()
    }

    /// Fills one row from here and moves behind it. `text` is valid JSON.
    pub(super) fn fill(&mut self, text: &str, out: &mut Filler<'_>) {
        let closes = self.rest.is_none()
            && self.inline == 0
            && json::token(text.as_bytes(), self.at).is_some_and(|token| token.kind == Kind::Close);
        let depth = if closes { self.depth.saturating_sub(1) } else { self.depth + usize::from(self.wrapped) };
        out.indent(depth.saturating_mul(INDENT));
        self.wrapped = false;
        let mut fresh = true;
        loop {
            let step = match self.rest.take() {
                Some((role, end)) => self.scalar(text, role, end, out),
                None => match json::token(text.as_bytes(), self.at) {
                    Some(token) => self.token(text, token, fresh, out),
                    None => return,
                },
            };
            fresh = false;
            match step {
                Step::Next => {}
                Step::End => return,
                Step::Full => {
                    self.wrapped = true;
                    return;
                }
            }
        }
    }

    /// Puts one token; `fresh`: it is the first of its row.
    fn token(&mut self, text: &str, token: Token, fresh: bool, out: &mut Filler<'_>) -> Step {
        match token.kind {
            Kind::Open => self.open(text, token, out),
            Kind::Close if self.inline == 0 && !fresh => Step::End,
            Kind::Close if self.inline == 0 => {
                self.depth = self.depth.saturating_sub(1);
                self.sign(bracket(text, token), token, out)
            }
            Kind::Close => {
                let step = self.sign(if bracket(text, token) == "}" { " }" } else { " ]" }, token, out);
                if !matches!(step, Step::Full) {
                    self.inline -= 1;
                }
                step
            }
            Kind::Comma if self.inline > 0 => self.sign(", ", token, out),
            Kind::Comma => match self.sign(",", token, out) {
                Step::Next => Step::End,
                other => other,
            },
            Kind::Colon => self.sign(": ", token, out),
            Kind::String => {
                let key = text.as_bytes().get(json::skip_space(text.as_bytes(), token.end)) == Some(&b':');
                self.begin(text, token, if key { Role::JsonKey } else { Role::JsonString }, out)
            }
            Kind::Number => self.begin(text, token, Role::JsonNumber, out),
            Kind::Literal => self.begin(text, token, Role::JsonLiteral, out),
        }
    }

    fn open(&mut self, text: &str, token: Token, out: &mut Filler<'_>) -> Step {
        let object = bracket(text, token) == "{";
        if let Some(close) = json::token(text.as_bytes(), token.end).filter(|next| next.kind == Kind::Close) {
            return self.sign(if object { "{}" } else { "[]" }, Token { end: close.end, ..token }, out);
        }
        if self.inline > 0 || (self.depth > 0 && fits(text, token, out.left())) {
            let step = self.sign(if object { "{ " } else { "[ " }, token, out);
            if !matches!(step, Step::Full) {
                self.inline += 1;
            }
            return step;
        }
        match self.sign(bracket(text, token), token, out) {
            Step::Next => {
                self.depth += 1;
                Step::End
            }
            other => other,
        }
    }

    /// Puts punctuation and moves behind its token.
    fn sign(&mut self, sign: &'static str, token: Token, out: &mut Filler<'_>) -> Step {
        // The space behind a colon or comma may fall off the row's end.
        let fitted = out.word(sign, Role::JsonPunctuation)
            || (sign.len() > 1
                && sign.ends_with(' ')
                && out.word(sign.trim_end_matches(' ').trim_start(), Role::JsonPunctuation));
        if !fitted {
            return Step::Full;
        }
        self.at = token.end;
        Step::Next
    }

    fn begin(&mut self, text: &str, token: Token, role: Role, out: &mut Filler<'_>) -> Step {
        self.at = token.start;
        self.scalar(text, role, token.end, out)
    }

    fn scalar(&mut self, text: &str, role: Role, end: usize, out: &mut Filler<'_>) -> Step {
        if out.left() == 0 {
            self.rest = Some((role, end));
            return Step::Full;
        }
        self.at += out.push(text.get(self.at..end).unwrap_or_default(), role);
        if self.at < end {
            self.rest = Some((role, end));
            return Step::Full;
        }
        Step::Next
    }
}

fn bracket(text: &str, token: Token) -> &'static str {
    match text.as_bytes()[token.start] {
        b'{' => "{",
        b'[' => "[",
        b'}' => "}",
        _ => "]",
    }
}

/// Whether the container that `open` begins fits `cells`, with a comma behind it. Looks no further than those cells.
fn fits(text: &str, open: Token, cells: usize) -> bool {
    let bytes = text.as_bytes();
    // White space between tokens takes no cells, so that the bytes are bounded as well.
    let horizon = open.start + 64 + cells.saturating_mul(8);
    let (mut used, mut depth, mut at) = (1, 0usize, open.start);
    while let Some(token) = json::token(bytes.get(..horizon.min(bytes.len())).unwrap_or_default(), at) {
        used += match token.kind {
            Kind::Open | Kind::Close | Kind::Comma | Kind::Colon => 2,
            _ if token.end >= horizon => return false,
            _ => text.get(token.start..token.end).map_or(cells, width::width),
        };
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth -= 1,
            _ => {}
        }
        if used > cells {
            return false;
        }
        if depth == 0 {
            return true;
        }
        at = token.end;
    }
    false
}
