//! A JSON value with holes in its texts.

use serde_json::{Map, Value};

use super::{Text, Values};

/// A JSON value whose texts, and names of members, may have holes.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::scenario) enum Form {
    /// What has no hole by its type.
    Value(Value),
    /// A text; the type of what fills it, where a hole is all of it.
    Text(Text),
    /// A list.
    List(Vec<Form>),
    /// An object, in the file's order.
    Object(Vec<(Text, Form)>),
}

impl Form {
    /// The value with its holes filled.
    pub(in crate::scenario) fn fill(&self, values: &mut Values) -> Result<Value, String> {
        Ok(match self {
            Self::Value(value) => value.clone(),
            Self::Text(text) => text.fill_value(values)?,
            Self::List(list) => Value::Array(list.iter().map(|form| form.fill(values)).collect::<Result<Vec<_>, _>>()?),
            Self::Object(members) => {
                let mut object = Map::new();
                for (name, form) in members {
                    object.insert(name.fill(values)?, form.fill(values)?);
                }
                Value::Object(object)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_text_within_is_filled() {
        let text = |source: &str| Text::parse(source).unwrap();
        let form = Form::Object(vec![
            (text("${key}"), Form::List(vec![Form::Text(text("${level}")), Form::Value(json!(1.5))])),
            (text("b"), Form::Text(text("at ${level}"))),
        ]);
        let mut values = Values::new(0);
        values.set("key", json!("a"));
        assert!(form.fill(&mut values).is_err(), "`level` has no value yet");
        values.set("level", json!(3));
        assert_eq!(form.fill(&mut values).unwrap(), json!({"a": [3, 1.5], "b": "at 3"}));
    }
}
