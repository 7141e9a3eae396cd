//! One value of a body exchanged, added or taken out, while all the rest of its text stays as it was written.
//!
//! What lives here: edits by JSON pointer, in the layout that the body has. What may not: which pointers there are, and
//! whether a value is allowed.

use std::ops::Range;

use super::json::{Node, Shape, Tree, steps};

/// One level of a body that is laid out in lines.
const INDENT: &str = "  ";

/// A body that was edited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    /// Its text.
    pub text: String,
    /// The bytes that the value now takes in it; where it was taken out, the place.
    pub at: Range<usize>,
}

/// `body` with the value at `pointer` (RFC 6901) being `raw`, which is to be JSON. Members that are missing on the way are
/// added at the end of their objects. `None`: the body is no JSON, or has something else than an object on the way.
pub fn set(body: &str, pointer: &str, raw: &str) -> Option<Edited> {
    let tree = Tree::read(body).ok()?; // without a tree there is no place
    let mut node = &tree.root;
    let mut way = steps(pointer);
    while let Some(step) = way.next() {
        let next = match &node.shape {
            Shape::Object(_) => node.get(&step),
            Shape::Array(items) => Some(items.get(step.parse::<usize>().ok()?)?), // a name is in no array
            _ => return None,
        };
        let Some(next) = next else {
            let inner: Vec<_> = way.collect();
            let (mut member, mut behind) = (format!("{}: ", quoted(&step)), String::new());
            for step in inner {
                member.extend(["{", &quoted(&step), ": "]);
                behind.push('}');
            }
            return Some(add(body, node, &member, raw, &behind));
        };
        node = next;
    }
    Some(exchange(body, node.start..node.end(), raw))
}

/// `body` without the member at `pointer`, and without the comma that parted it. `None`: there is no such member of an object.
pub fn remove(body: &str, pointer: &str) -> Option<Edited> {
    let tree = Tree::read(body).ok()?; // without a tree there is no place
    let (parent, _) = pointer.rsplit_once('/')?;
    let name = steps(pointer).last()?;
    let members = tree.root.pointer(parent)?.members();
    let place = members.iter().rposition(|member| member.name == name)?;
    let member = members.get(place)?;
    // With what parts it from the member before it; the first one goes with what parts it from the next.
    let range = match (place.checked_sub(1).and_then(|before| members.get(before)), members.get(place + 1)) {
        (Some(before), _) => before.value.end()..member.value.end(),
        (None, Some(next)) => member.at..next.at,
        (None, None) => {
            let object = tree.root.pointer(parent)?;
            object.start + 1..object.end() - 1
        }
    };
    Some(exchange(body, range, ""))
}

fn exchange(body: &str, range: Range<usize>, raw: &str) -> Edited {
    let (before, behind) = (body.get(..range.start).unwrap_or(body), body.get(range.end..).unwrap_or_default());
    let text = format!("{before}{raw}{behind}");
    Edited { text, at: range.start..range.start + raw.len() }
}

/// Adds a member to an object: `member` up to its value, the value, and what closes it.
fn add(body: &str, object: &Node<'_>, member: &str, raw: &str, behind: &str) -> Edited {
    let (at, before, after) = match object.members().last() {
        Some(last) => {
            let lines = object.raw.contains('\n');
            let parted = if lines { format!(",\n{}", indent(body, last.at)) } else { ", ".to_owned() };
            (last.value.end()..last.value.end(), parted, String::new())
        }
        None if body.contains('\n') => {
            let outer = indent(body, object.start);
            (object.start..object.end(), format!("{{\n{outer}{INDENT}"), format!("\n{outer}}}"))
        }
        None => (object.start..object.end(), "{".to_owned(), "}".to_owned()),
    };
    let put = format!("{before}{member}{raw}{behind}{after}");
    let start = at.start + before.len() + member.len();
    Edited { at: start..start + raw.len(), ..exchange(body, at, &put) }
}

/// The white space that the line of the byte `at` starts with.
fn indent(body: &str, at: usize) -> &str {
    let line = body.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
    let line = body.get(line..).unwrap_or_default();
    let end = line.find(|c: char| !matches!(c, ' ' | '\t')).unwrap_or(line.len());
    line.get(..end).unwrap_or_default()
}

fn quoted(name: &str) -> String {
    serde_json::Value::from(name).to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::model::json::pointer_step;

    #[test]
    fn a_value_is_exchanged_in_its_place() {
        let body = "{\n  \"a\" : 1.50 ,\n  \"b\": [ {\"c\":\"x\"} ]\n}\n";
        for (pointer, raw, expected) in [
            ("/a", "2.0", "{\n  \"a\" : 2.0 ,\n  \"b\": [ {\"c\":\"x\"} ]\n}\n"),
            ("/b/0/c", "[1]", "{\n  \"a\" : 1.50 ,\n  \"b\": [ {\"c\":[1]} ]\n}\n"),
            ("/b/0/d", "1", "{\n  \"a\" : 1.50 ,\n  \"b\": [ {\"c\":\"x\", \"d\": 1} ]\n}\n"),
            ("/d/e~1f", "true", "{\n  \"a\" : 1.50 ,\n  \"b\": [ {\"c\":\"x\"} ],\n  \"d\": {\"e/f\": true}\n}\n"),
        ] {
            let edited = set(body, pointer, raw).unwrap();
            assert_eq!(edited.text, expected, "{pointer}");
            assert_eq!(&edited.text[edited.at], raw);
        }
        for pointer in ["/a/b", "/b/1", "/b/c"] {
            assert_eq!(set(body, pointer, "1"), None, "{pointer}");
        }
        assert_eq!(set("{broken", "/a", "1"), None);
    }

    #[test]
    fn an_empty_object_takes_its_first_member_in_the_layout_of_the_body() {
        for (body, expected) in [("{}", "{\"a\": 1}"), ("{ }", "{\"a\": 1}"), ("\n{}", "\n{\n  \"a\": 1\n}")] {
            assert_eq!(set(body, "/a", "1").unwrap().text, expected);
        }
        let edited = set("{\n  \"p\": {}\n}", "/p/a", "1").unwrap();
        assert_eq!(edited.text, "{\n  \"p\": {\n    \"a\": 1\n  }\n}");
        assert_eq!(&edited.text[edited.at], "1");
    }

    #[test]
    fn a_member_is_taken_out_with_its_comma() {
        for (body, pointer, expected) in [
            ("{\"a\": 1, \"b\": 2, \"c\": 3}", "/b", "{\"a\": 1, \"c\": 3}"),
            ("{\"a\": 1, \"b\": 2}", "/a", "{\"b\": 2}"),
            ("{\"a\": 1, \"b\": 2}", "/b", "{\"a\": 1}"),
            ("{\"a\": {\n  \"b\": 2\n}}", "/a/b", "{\"a\": {}}"),
            ("{\n  \"a\": 1,\n  \"b\": 2\n}", "/b", "{\n  \"a\": 1\n}"),
        ] {
            assert_eq!(remove(body, pointer).unwrap().text, expected);
        }
        for pointer in ["", "/x", "/a/b"] {
            assert_eq!(remove("{\"a\": 1}", pointer), None, "{pointer}");
        }
    }

    fn a_body() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i32>().prop_map(Value::from),
            "[a\"/~\\n温]{0,3}".prop_map(Value::from)
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::Array),
                prop::collection::vec(("[a-c/~\"]{0,2}", inner), 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn an_edit_changes_that_value_alone(
            mut body in a_body(), pretty in any::<bool>(), way in prop::collection::vec("[a-c/~\"]{0,2}|0|1", 1..4)
        ) {
            let text = if pretty { serde_json::to_string_pretty(&body).unwrap() } else { body.to_string() };
            let pointer: String = way.iter().flat_map(|step| ["/".to_owned(), pointer_step(step)]).collect();
            let Some(edited) = set(&text, &pointer, "[7]") else {
                let mut node = &body;
                for step in &way {
                    if !node.is_object() { break }
                    prop_assert!(node.get(step).is_some(), "{} in {}", pointer, text);
                    node = &node[step];
                }
                return Ok(());
            };
            prop_assert_eq!(&edited.text[edited.at], "[7]");
            let read: Value = serde_json::from_str(&edited.text).unwrap();
            // The same done to the value itself.
            let mut node = &mut body;
            for step in &way {
                node = match node {
                    Value::Array(items) => &mut items[step.parse::<usize>().unwrap()],
                    Value::Null => { *node = serde_json::json!({}); &mut node[step] }
                    _ => &mut node[step],
                };
            }
            *node = serde_json::json!([7]);
            prop_assert_eq!(&read, &body);
            if let Some(removed) = remove(&edited.text, &pointer) {
                let read: Value = serde_json::from_str(&removed.text).unwrap();
                prop_assert_eq!(read.pointer(&pointer), None);
            }
        }
    }
}
