//! JSON whose texts are templates.

use std::fmt;

use serde_json::{Map, Value};

use super::eval::Budget;
use super::{Fault, Scope, Template};

/// Lists and objects within each other.
const DEEPEST: usize = 64;

/// JSON with holes in its texts.
#[derive(Clone, Debug, PartialEq)]
pub struct JsonTemplate {
    root: Node,
}

#[derive(Clone, Debug, PartialEq)]
enum Node {
    /// Without holes, and how many bytes it takes.
    Fixed(Value, usize),
    Text(Template),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

/// What is wrong with a template within JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonFault {
    /// The way to the text, such as `data[0].level`; empty for the whole.
    pub path: String,
    /// What is wrong with it, and where.
    pub fault: Fault,
}

impl JsonTemplate {
    /// Reads the texts of `value` as templates. Names of members are none.
    pub fn of(value: &Value) -> Result<Self, JsonFault> {
        node(value, &mut String::new(), 0).map(|root| Self { root })
    }

    /// The JSON with every hole filled in; a text that is one hole and nothing else becomes the hole's value. The error says in
    /// words why that cannot be.
    pub fn render(&self, scope: &mut dyn Scope) -> Result<Value, String> {
        self.root.render(scope, &mut Budget::new())
    }
}

impl Node {
    fn render(&self, scope: &mut dyn Scope, budget: &mut Budget) -> Result<Value, String> {
        Ok(match self {
            Self::Fixed(value, bytes) => {
                budget.spend(*bytes)?;
                value.clone()
            }
            Self::Text(template) => template.value_within(scope, budget)?,
            Self::List(items) => {
                let items: Result<Vec<Value>, String> = items.iter().map(|item| item.render(scope, budget)).collect();
                Value::Array(items?)
            }
            Self::Object(members) => {
                let mut object = Map::new();
                for (name, node) in members {
                    budget.spend(name.len())?;
                    object.insert(name.clone(), node.render(scope, budget)?);
                }
                Value::Object(object)
            }
        })
    }
}

fn node(value: &Value, path: &mut String, depth: usize) -> Result<Node, JsonFault> {
    let fault = |path: &str, at: usize, what: String| JsonFault { path: path.to_owned(), fault: Fault { at, what } };
    if depth > DEEPEST {
        return Err(fault(path, 0, format!("there are more than {DEEPEST} lists and objects within each other")));
    }
    let length = path.len();
    let node = match value {
        Value::String(text) => match Template::parse(text) {
            Ok(template) if template.is_plain() => fixed(value),
            Ok(template) => Node::Text(template),
            Err(fault) => return Err(JsonFault { path: path.clone(), fault }),
        },
        Value::Array(items) => {
            let mut nodes = Vec::with_capacity(items.len());
            for (place, item) in items.iter().enumerate() {
                path.extend(["[", &place.to_string(), "]"]);
                nodes.push(self::node(item, path, depth + 1)?);
                path.truncate(length);
            }
            if nodes.iter().all(|node| matches!(node, Node::Fixed(..))) { fixed(value) } else { Node::List(nodes) }
        }
        Value::Object(members) => {
            let mut nodes = Vec::with_capacity(members.len());
            for (name, value) in members {
                if length > 0 {
                    path.push('.');
                }
                path.push_str(name);
                if let Some(at) = name.find("{{") {
                    return Err(fault(path, at, "a hole cannot stand in a member's name".to_owned()));
                }
                nodes.push((name.clone(), self::node(value, path, depth + 1)?));
                path.truncate(length);
            }
            let plain = nodes.iter().all(|(_, node)| matches!(node, Node::Fixed(..)));
            if plain { fixed(value) } else { Node::Object(nodes) }
        }
        _ => fixed(value),
    };
    Ok(node)
}

fn fixed(value: &Value) -> Node {
    Node::Fixed(value.clone(), value.to_string().len())
}

impl fmt::Display for JsonFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() { self.fault.fmt(f) } else { write!(f, "{}: {}", self.path, self.fault) }
    }
}

impl std::error::Error for JsonFault {}
