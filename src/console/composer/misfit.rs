//! What a product's model says of the text: the fields of its form with their values, and what does not fit, in words.
//!
//! What may not live here: keys and cells, and the rules themselves (those are `cloud`'s and `model`'s).

use crate::cloud::Platform;
use crate::cloud::modelled::{self, Finding, FormField, Said};
use crate::console::message::json::{self, Kind};
use crate::console::words;
use crate::model::json::{Node, Tree, pointer_step};
use crate::model::{Data, DateForm, Model};
use crate::profile::Cloud;
use crate::text::Safe;

/// A value of more bytes is edited in the text: a line is too short for it.
pub(super) const LONGEST_VALUE: usize = 4 << 10;
/// So many bytes of an untrusted name or rule are said.
const SAID: usize = 160;

/// What the model says of a text.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Reading {
    /// The fields, those without a value included.
    pub(super) rows: Vec<Row>,
    /// What does not fit, in the order of the text.
    pub(super) findings: Vec<Finding>,
}

/// A field of the form.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub(super) pointer: String,
    pub(super) data: Data,
    /// What it belongs to; may be empty.
    pub group: Safe,
    /// Its identifier.
    pub id: Safe,
    /// What people call it; may be empty.
    pub name: Safe,
    /// What it can be.
    pub what: Safe,
    /// Whether the cloud wants it to be there.
    pub required: bool,
    /// What stands in the text.
    pub value: Option<Value>,
    /// The finding that is about it, by its place.
    pub(super) wrong: Option<usize>,
}

/// A value as it stands in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// On one line; a text without its quotes where the model wants a text. At most a little more than a line takes.
    pub(super) line: String,
    /// The same for the screen.
    pub shown: Safe,
    /// Its first byte in the text.
    pub(super) start: usize,
}

impl Row {
    /// What people call it, where that is something else than its identifier.
    pub fn own_name(&self) -> Option<&Safe> {
        let (id, name) = (self.id.as_str(), self.name.as_str());
        Some(&self.name).filter(|_| !name.is_empty() && name.to_lowercase() != id.to_lowercase())
    }

    /// Whether something about it does not fit the model.
    pub fn is_wrong(&self) -> bool {
        self.wrong.is_some()
    }

    /// Whether a text is meant, which is typed without quotes.
    pub(super) fn is_text(&self) -> bool {
        matches!(self.data, Data::Text { .. } | Data::Date(DateForm::TextMs | DateForm::Compact))
    }

    /// The only values that are meant, as JSON; empty: there is no such list.
    pub(super) fn choices(&self) -> Vec<String> {
        match &self.data {
            Data::Bool { numeric: true, .. } => vec!["0".to_owned(), "1".to_owned()],
            Data::Bool { numeric: false, .. } => vec!["false".to_owned(), "true".to_owned()],
            Data::Enum(choices) => choices.iter().map(|(number, _)| number.to_string()).collect(),
            Data::Text { choices, .. } => choices.iter().map(|choice| quoted(choice)).collect(),
            _ => Vec::new(),
        }
    }

    /// What was typed for it, as JSON; the error says why it is none.
    pub(super) fn to_json(&self, typed: &str) -> Result<String, String> {
        if self.is_text() {
            return Ok(quoted(typed));
        }
        match Tree::read(typed) {
            Ok(tree) => Ok(tree.root.raw.to_owned()),
            Err(_) if typed.trim().is_empty() => Err("nothing is typed".to_owned()),
            Err(_) => Err("this is no JSON value, and a text needs its quotes here".to_owned()),
        }
    }
}

/// What `model` says of a text that is JSON.
pub(super) fn read(platform: &dyn Platform, model: &Model, said: &Said<'_>) -> Reading {
    let Ok(tree) = Tree::read(said.body) else { return Reading::default() };
    let findings = modelled::findings(platform, model, said);
    let lines = line_starts(said.body);
    let placed: Vec<_> = findings.iter().map(|finding| (byte_of(said.body, &lines, finding.place), finding)).collect();
    let fields = modelled::form(platform, model, said);
    let rows = fields.into_iter().map(|field| row(field, &tree.root, &placed)).collect();
    Reading { rows, findings }
}

fn row(field: FormField, root: &Node<'_>, placed: &[(usize, &Finding)]) -> Row {
    let node = root.pointer(&field.pointer);
    let wrong = match node {
        Some(node) => placed.iter().position(|(place, _)| (node.start..node.end()).contains(place)),
        None => missing(&field, root, placed),
    };
    Row {
        what: Safe::new(&field.data.describe()),
        group: Safe::new(words::clip(&field.group, SAID)),
        id: Safe::new(words::clip(&field.id, SAID)),
        name: Safe::new(words::clip(&field.name, SAID)),
        required: field.required,
        value: node.map(|node| value(&field.data, node)),
        wrong,
        pointer: field.pointer,
        data: field.data,
    }
}

/// The finding about a field that has no value: it has to be there, or stands in another form than the cloud wants.
fn missing(field: &FormField, root: &Node<'_>, placed: &[(usize, &Finding)]) -> Option<usize> {
    let (parent, _) = field.pointer.rsplit_once('/')?;
    let at = root.pointer(parent)?.start;
    let is_inside = parent.ends_with(&format!("/{}", pointer_step(&field.id)));
    let named = format!("`{}`", field.id);
    placed.iter().position(|(place, finding)| *place == at && (is_inside || finding.rule.contains(&named)))
}

fn value(data: &Data, node: &Node<'_>) -> Value {
    let is_text = matches!(data, Data::Text { .. } | Data::Date(DateForm::TextMs | DateForm::Compact));
    let line = match node.text().filter(|_| is_text) {
        Some(text) => words::clip(text, LONGEST_VALUE + 4).to_owned(),
        None => one_line(node.raw),
    };
    Value { shown: Safe::new(words::clip(&line, SAID * 2)), line, start: node.start }
}

/// A JSON value on one line, no longer than a little more than a line takes.
fn one_line(raw: &str) -> String {
    if !raw.contains('\n') && raw.len() <= LONGEST_VALUE {
        return raw.to_owned();
    }
    let (mut line, mut at) = (String::new(), 0);
    while let Some(token) = json::token(raw.as_bytes(), at).filter(|_| line.len() <= LONGEST_VALUE) {
        line.push_str(words::clip(raw.get(token.start..token.end).unwrap_or_default(), LONGEST_VALUE + 4));
        if matches!(token.kind, Kind::Comma | Kind::Colon) {
            line.push(' ');
        }
        at = token.end;
    }
    line
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The first byte of each line.
fn line_starts(text: &str) -> Vec<usize> {
    std::iter::once(0).chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|end| end + 1)).collect()
}

/// The byte at a line and a character, both from 1.
fn byte_of(text: &str, lines: &[usize], (line, character): (usize, usize)) -> usize {
    let start = line.checked_sub(1).and_then(|line| lines.get(line)).copied().unwrap_or(text.len());
    let rest = text.get(start..).unwrap_or_default();
    let step = character.saturating_sub(1);
    start + rest.char_indices().nth(step).map_or(rest.len(), |(at, _)| at)
}

/// What does not fit, without its place: `params.temperature must be ≤ 100 (is 120): aliyun would answer 460, request
/// parameter error`.
pub(super) fn rule_words(finding: &Finding, cloud: Cloud) -> String {
    let subject = if finding.path.is_empty() { "the body" } else { words::clip(&finding.path, SAID) };
    let rule = words::clip(&finding.rule, SAID);
    match finding.code {
        Some((code, meaning)) => format!("{subject} {rule}: {} would answer {code}, {meaning}", cloud.word()),
        None => format!("{subject} {rule}"),
    }
}

/// What does not fit, with its place and how much more there is.
pub(super) fn finding_words(finding: &Finding, more: usize, cloud: Cloud) -> String {
    let (line, column) = finding.place;
    let rest = match more {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    format!("Line {line}, column {column}: {}{rest}", rule_words(finding, cloud))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_several_lines_is_shown_on_one() {
        for (raw, line) in [("1.50", "1.50"), ("{\n  \"a  b\": [\n 1,2 ]\n}", "{\"a  b\": [1, 2]}"), ("[ 1 ]", "[ 1 ]")]
        {
            assert_eq!(one_line(raw), line);
        }
        let long = format!("[\n\"{}\"]", "温".repeat(LONGEST_VALUE));
        let line = one_line(&long);
        assert!(line.len() > LONGEST_VALUE && line.len() < LONGEST_VALUE + 16);
    }

    #[test]
    fn a_place_is_a_byte() {
        let text = "温\n{\"度\": 1}\n";
        let lines = line_starts(text);
        for (place, rest) in [((1, 2), "\n"), ((2, 3), "度"), ((2, 7), "1}"), ((9, 1), "")] {
            let at = byte_of(text, &lines, place);
            assert!(text[at..].starts_with(rest), "{place:?}");
        }
    }

    #[test]
    fn findings_are_said_with_the_clouds_code() {
        let mut finding = Finding {
            path: "params.t".to_owned(),
            place: (3, 5),
            rule: "must be ≤ 100 (is 120)".to_owned(),
            code: Some((460, "request parameter error")),
        };
        assert_eq!(
            finding_words(&finding, 2, Cloud::Aliyun),
            "Line 3, column 5: params.t must be ≤ 100 (is 120): aliyun would answer 460, request parameter error; and 2 more"
        );
        (finding.path, finding.code) = (String::new(), None);
        assert_eq!(finding_words(&finding, 0, Cloud::Huawei), "Line 3, column 5: the body must be ≤ 100 (is 120)");
    }
}
