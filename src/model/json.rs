//! JSON with the place of every value: what a model is read from, and what a body is held against it as.
//!
//! What lives here: the tree, its places and paths. What may not: what the values mean. A number stays the text that it was,
//! since `3` and `3.0` are not the same to every cloud.

use std::borrow::Cow;

use serde::de::IgnoredAny;

/// No tree is deeper.
const DEEPEST: usize = 100;

/// No tree holds more values, so that a file of sixteen mebibytes takes no gigabyte.
const MOST: usize = 1_000_000;

/// A text that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Tree<'a> {
    text: &'a str,
    /// Its one value.
    pub root: Node<'a>,
}

/// A value in its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Node<'a> {
    /// Its first byte in the text.
    pub start: usize,
    /// As it stands there.
    pub raw: &'a str,
    /// What it is.
    pub shape: Shape<'a>,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape<'a> {
    /// `{…}`, its members in order.
    Object(Vec<Member<'a>>),
    /// `[…]`.
    Array(Vec<Node<'a>>),
    /// A string, its escapes resolved.
    Text(Cow<'a, str>),
    /// A number, which is its raw text.
    Number,
    /// `true` or `false`.
    Bool(bool),
    /// `null`.
    Null,
}

/// A member of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Member<'a> {
    /// Its name.
    pub name: Cow<'a, str>,
    /// The first byte of its name, the quote.
    pub at: usize,
    /// Its value.
    pub value: Node<'a>,
}

/// A text that is no JSON, or too much of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoJson {
    /// The line and the character in it, both from 1.
    pub place: (usize, usize),
    /// What is wrong there.
    pub what: String,
}

impl<'a> Tree<'a> {
    /// Reads a text.
    pub fn read(text: &'a str) -> Result<Self, NoJson> {
        if let Err(error) = serde_json::from_str::<IgnoredAny>(text) {
            let said = error.to_string();
            let what = said.split(" at line ").next().unwrap_or(&said).to_owned();
            // Its columns are bytes; the start of the line is known exactly.
            let start = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
            let at = floor(text, start + error.column().saturating_sub(1));
            return Err(NoJson { place: place(text, at), what });
        }
        let mut scan = Scan { text, at: 0, left: MOST };
        let root = scan.value(DEEPEST).map_err(|what| NoJson { place: place(text, scan.at), what: what.to_owned() })?;
        Ok(Self { text, root })
    }

    /// The line and the character in it, both from 1, of the byte `at`.
    pub fn place(&self, at: usize) -> (usize, usize) {
        place(self.text, at)
    }

    /// The way to the value or the member at `at`, as a person writes it: `services[0].properties.level`. Empty for the whole.
    pub fn path(&self, at: usize) -> String {
        let mut path = String::new();
        let mut node = &self.root;
        loop {
            let next = match &node.shape {
                Shape::Object(members) => members.iter().find(|member| member.at <= at && at < member.value.end()),
                Shape::Array(items) => {
                    let Some((place, item)) =
                        items.iter().enumerate().find(|(_, item)| item.start <= at && at < item.end())
                    else {
                        return path;
                    };
                    path.extend(["[", &place.to_string(), "]"]);
                    node = item;
                    continue;
                }
                _ => None,
            };
            let Some(member) = next else { return path };
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(&member.name);
            if at < member.value.start {
                return path;
            }
            node = &member.value;
        }
    }
}

impl<'a> Node<'a> {
    /// The byte behind its last.
    pub fn end(&self) -> usize {
        self.start + self.raw.len()
    }

    /// Its members; none where it is no object.
    pub fn members(&self) -> &[Member<'a>] {
        match &self.shape {
            Shape::Object(members) => members,
            _ => &[],
        }
    }

    /// Its items; none where it is no array.
    pub fn items(&self) -> &[Node<'a>] {
        match &self.shape {
            Shape::Array(items) => items,
            _ => &[],
        }
    }

    /// The member of that name: the last one, as readers of JSON take it, where there are several.
    pub fn get(&self, name: &str) -> Option<&Node<'a>> {
        self.members().iter().rev().find(|member| member.name == name).map(|member| &member.value)
    }

    /// Its text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match &self.shape {
            Shape::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Its text, or the text of a number: clouds write numbers both ways.
    pub fn word(&self) -> Option<&str> {
        match &self.shape {
            Shape::Text(text) => Some(text),
            Shape::Number => Some(self.raw),
            _ => None,
        }
    }

    /// What it is, in a word: "a text".
    pub fn kind(&self) -> &'static str {
        match self.shape {
            Shape::Object(_) => "an object",
            Shape::Array(_) => "an array",
            Shape::Text(_) => "a text",
            Shape::Number => "a number",
            Shape::Bool(_) => "true or false",
            Shape::Null => "null",
        }
    }

    /// The value at a JSON pointer (RFC 6901).
    pub fn pointer(&self, pointer: &str) -> Option<&Node<'a>> {
        let mut node = self;
        for step in steps(pointer) {
            node = match &node.shape {
                Shape::Array(items) => items.get(step.parse::<usize>().ok()?)?, // a name is in no array
                _ => node.get(&step)?,
            };
        }
        Some(node)
    }
}

/// The steps of a JSON pointer, their escapes resolved.
pub(super) fn steps(pointer: &str) -> impl Iterator<Item = Cow<'_, str>> {
    pointer.split('/').skip(1).map(|step| {
        if step.contains('~') { Cow::Owned(step.replace("~1", "/").replace("~0", "~")) } else { Cow::Borrowed(step) }
    })
}

/// A name as a step of a JSON pointer.
pub fn pointer_step(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..floor(text, at)).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    let column = before.get(start..).map_or(0, |line| line.chars().count());
    (memchr::memchr_iter(b'\n', before.as_bytes()).count() + 1, column + 1)
}

/// The start of the character that `at` is in, at most the end of the text.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// A walk through a text that is known to be JSON: it looks for ends, and need not look for faults.
struct Scan<'a> {
    text: &'a str,
    at: usize,
    left: usize,
}

impl<'a> Scan<'a> {
    fn value(&mut self, depth: usize) -> Result<Node<'a>, &'static str> {
        self.left = self.left.checked_sub(1).ok_or("more than 1,000,000 values are not read")?;
        let depth = depth.checked_sub(1).ok_or("deeper than 100 levels is not read")?;
        let start = self.skip();
        let shape = match self.byte() {
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.array(depth)?,
            Some(b'"') => Shape::Text(self.string()?),
            Some(b't') => self.word(Shape::Bool(true)),
            Some(b'f') => self.word(Shape::Bool(false)),
            Some(b'n') => self.word(Shape::Null),
            _ => self.word(Shape::Number),
        };
        Ok(Node { start, raw: self.text.get(start..self.at).unwrap_or_default(), shape })
    }

    fn object(&mut self, depth: usize) -> Result<Shape<'a>, &'static str> {
        let mut members = Vec::new();
        self.at += 1;
        loop {
            match (self.skip(), self.byte()) {
                (at, Some(b'"')) => {
                    let name = self.string()?;
                    self.skip();
                    self.at += 1; // the colon
                    let value = self.value(depth)?;
                    members.push(Member { name, at, value });
                }
                (_, Some(b',')) => self.at += 1,
                _ => break,
            }
        }
        self.at += 1;
        Ok(Shape::Object(members))
    }

    fn array(&mut self, depth: usize) -> Result<Shape<'a>, &'static str> {
        let mut items = Vec::new();
        self.at += 1;
        loop {
            self.skip();
            match self.byte() {
                Some(b',') => self.at += 1,
                Some(b']') | None => break,
                _ => items.push(self.value(depth)?),
            }
        }
        self.at += 1;
        Ok(Shape::Array(items))
    }

    fn string(&mut self) -> Result<Cow<'a, str>, &'static str> {
        let start = self.at;
        self.at += 1;
        let mut escaped = false;
        while let Some(byte) = self.byte().filter(|byte| *byte != b'"') {
            self.at += 1 + usize::from(byte == b'\\');
            escaped |= byte == b'\\';
        }
        self.at += 1;
        if escaped {
            let form = self.text.get(start..self.at).unwrap_or_default();
            let text: Result<String, _> = serde_json::from_str(form);
            return text.map(Cow::Owned).map_err(|_| {
                self.at = start;
                "this text has an escape that stands for no character"
            });
        }
        Ok(Cow::Borrowed(self.text.get(start + 1..self.at - 1).unwrap_or_default()))
    }

    /// A number or a literal: up to what cannot belong to it.
    fn word(&mut self, shape: Shape<'a>) -> Shape<'a> {
        while self.byte().is_some_and(|byte| !matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
        shape
    }

    /// Passes over white space; answers where the next token starts.
    fn skip(&mut self) -> usize {
        while matches!(self.byte(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
        self.at
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn value(node: &Node<'_>) -> Value {
        match &node.shape {
            Shape::Object(members) => {
                members.iter().map(|member| (member.name.to_string(), value(&member.value))).collect()
            }
            Shape::Array(items) => items.iter().map(value).collect(),
            Shape::Text(text) => Value::from(text.as_ref()),
            Shape::Number => serde_json::from_str(node.raw).unwrap(),
            Shape::Bool(bool) => Value::from(*bool),
            Shape::Null => Value::Null,
        }
    }

    #[test]
    fn places_and_paths_lead_to_the_value() {
        let text = "{\n \"services\": [\n  {\"温度\": 3.0, \"b\\u0041\": [1, {\"c\": null}]}\n ]\n}";
        let tree = Tree::read(text).unwrap();
        for (pointer, raw, path, place) in [
            ("", text, "", (1, 1)),
            ("/services/0/温度", "3.0", "services[0].温度", (3, 10)),
            ("/services/0/bA/1/c", "null", "services[0].bA[1].c", (3, 36)),
        ] {
            let node = tree.root.pointer(pointer).unwrap();
            assert_eq!((node.raw, tree.path(node.start).as_str(), tree.place(node.start)), (raw, path, place));
        }
        let member = &tree.root.members()[0];
        assert_eq!(tree.path(member.at), "services", "a name leads to its member");
        assert_eq!(tree.root.pointer("/services/x"), None);
    }

    #[test]
    fn a_pointer_resolves_its_escapes() {
        let tree = Tree::read(r#"{"a/b": {"~": 1}}"#).unwrap();
        let pointer = format!("/{}/{}", pointer_step("a/b"), pointer_step("~"));
        assert_eq!(pointer, "/a~1b/~0");
        assert_eq!(tree.root.pointer(&pointer).unwrap().raw, "1");
    }

    #[test]
    fn what_is_no_json_is_told_with_its_place() {
        for (text, place, what) in [
            ("", (1, 1), "EOF while parsing a value"),
            ("{\n\"温\": tru}", (2, 9), "expected ident"),
            ("[1,]", (1, 4), "expected value"),
            ("{} x", (1, 4), "trailing characters"),
            (r#"["a", "\ud800"]"#, (1, 7), "this text has an escape that stands for no character"),
        ] {
            assert_eq!(Tree::read(text), Err(NoJson { place, what: what.to_owned() }), "{text}");
        }
    }

    #[test]
    fn a_tree_is_bounded() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(Tree::read(&nested(DEEPEST)).is_ok());
        assert!(Tree::read(&nested(DEEPEST + 1)).unwrap_err().what.contains("100 levels"));
        let many = format!("[{}0]", "0,".repeat(MOST));
        assert!(Tree::read(&many).unwrap_err().what.contains("1,000,000"));
    }

    proptest! {
        #[test]
        fn a_tree_holds_what_a_reader_of_json_reads(
            text in "[\\[\\]{}:,\"a0-9. \\-eE\\\\utrflsn]{0,16}|(\\{\"a\":(1|\"x\"|\\[1, 2\\]|\\{\\})(,\"b\" : [0-9]{1,3})?\\})"
        ) {
            let read = serde_json::from_str::<Value>(&text);
            let tree = Tree::read(&text);
            // A number beyond a double's range is still a number.
            prop_assume!(!read.as_ref().is_err_and(|error| error.to_string().contains("out of range")));
            prop_assert_eq!(tree.is_ok(), read.is_ok(), "{:?}", text);
            if let (Ok(tree), Ok(read)) = (tree, read) {
                prop_assert_eq!(value(&tree.root), read);
            }
        }
    }
}
