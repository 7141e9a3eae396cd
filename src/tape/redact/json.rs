//! The values to mask in a payload that is JSON, found in one pass that keeps only the keys on the way.

use std::borrow::Cow;
use std::ops::Range;

/// How deep objects and arrays may lie in each other. What lies deeper is taken for no JSON.
const DEEPEST: usize = 10_000;

/// The values whose keys (from the inside out) `matches`. `None`: `payload` is no JSON. What a value other than a string, an
/// object or an array may look like is not checked: it changes nothing about where values start and end.
pub(super) fn spans<'a, M>(payload: &'a [u8], matches: M) -> Option<Vec<Range<usize>>>
where
    M: for<'k> Fn(Keys<'k, 'a>) -> bool,
{
    Walk { payload, at: 0, levels: Vec::new(), hidden: None, spans: Vec::new() }.run(matches)
}

/// The keys on the way to a value, from the inside out.
#[derive(Clone)]
pub(super) struct Keys<'k, 'a>(std::slice::Iter<'k, Level<'a>>);

impl<'k> Iterator for Keys<'k, '_> {
    type Item = &'k [u8];

    fn next(&mut self) -> Option<&'k [u8]> {
        loop {
            if let Level::Object(key) = self.0.next_back()? {
                return Some(key);
            }
        }
    }
}

struct Walk<'a> {
    payload: &'a [u8],
    at: usize,
    /// The arrays and objects that are open, and of an object the key whose value is being read.
    levels: Vec<Level<'a>>,
    /// Where a value that is masked starts, and how many levels are around it.
    hidden: Option<(usize, usize)>,
    spans: Vec<Range<usize>>,
}

enum Level<'a> {
    Array,
    Object(Cow<'a, [u8]>),
}

impl<'a> Walk<'a> {
    fn run<M>(mut self, matches: M) -> Option<Vec<Range<usize>>>
    where
        M: for<'k> Fn(Keys<'k, 'a>) -> bool,
    {
        loop {
            self.skip_blanks();
            let in_object = matches!(self.levels.last(), Some(Level::Object(_)));
            if in_object && self.hidden.is_none() && matches(Keys(self.levels.iter())) {
                self.hidden = Some((self.at, self.levels.len()));
            }
            if self.open_value()? {
                continue;
            }
            if self.close_values()? {
                return Some(self.spans);
            }
        }
    }

    /// Reads a value up to its end, or into its first member: answers whether there is one to be read now.
    fn open_value(&mut self) -> Option<bool> {
        match self.peek()? {
            b'{' => {
                self.at += 1;
                if self.take(b'}') {
                    return Some(false);
                }
                let key = self.key()?;
                self.enter(Level::Object(key))?;
                Some(true)
            }
            b'[' => {
                self.at += 1;
                if self.take(b']') {
                    return Some(false);
                }
                self.enter(Level::Array)?;
                Some(true)
            }
            b'"' => self.string().map(|_| false),
            _ => self.scalar().map(|()| false),
        }
    }

    /// After a value: closes what ends here. Answers whether that was all; if not, the next value is to be read.
    fn close_values(&mut self) -> Option<bool> {
        loop {
            if let Some((start, _)) = self.hidden.take_if(|(_, levels)| *levels == self.levels.len()) {
                self.spans.push(start..self.at);
            }
            let Some(level) = self.levels.last() else {
                self.skip_blanks();
                return (self.at == self.payload.len()).then_some(true);
            };
            let (is_object, end) = match level {
                Level::Array => (false, b']'),
                Level::Object(_) => (true, b'}'),
            };
            if self.take(b',') {
                if is_object {
                    let key = self.key()?;
                    self.levels.pop();
                    self.enter(Level::Object(key))?;
                }
                return Some(false);
            }
            if !self.take(end) {
                return None;
            }
            self.levels.pop();
        }
    }

    fn enter(&mut self, level: Level<'a>) -> Option<()> {
        self.levels.push(level);
        (self.levels.len() <= DEEPEST).then_some(())
    }

    /// A key and its colon.
    fn key(&mut self) -> Option<Cow<'a, [u8]>> {
        self.skip_blanks();
        let inside = self.string()?;
        self.take(b':').then(|| super::unescaped(inside))
    }

    /// A string; answers what stands between its quotes.
    fn string(&mut self) -> Option<&'a [u8]> {
        let start = self.at + 1;
        if self.peek()? != b'"' {
            return None;
        }
        let mut at = start;
        loop {
            at += memchr::memchr2(b'"', b'\\', self.payload.get(at..)?)?;
            if self.payload[at] == b'"' {
                self.at = at + 1;
                return Some(&self.payload[start..at]);
            }
            at += 2;
        }
    }

    /// A number, `true`, `false`, `null`, or what takes their place.
    fn scalar(&mut self) -> Option<()> {
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        let length = self.payload[self.at..].iter().take_while(|byte| is_part(byte)).count();
        self.at += length;
        (length > 0).then_some(())
    }

    fn take(&mut self, byte: u8) -> bool {
        self.skip_blanks();
        let is_here = self.peek() == Some(byte);
        self.at += usize::from(is_here);
        is_here
    }

    fn peek(&self) -> Option<u8> {
        self.payload.get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        self.at += self.payload[self.at..].iter().take_while(|byte| is_blank(byte)).count();
    }
}
