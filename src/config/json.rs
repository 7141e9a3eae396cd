//! TOML values as the JSON that they stand for.

use serde_json::{Map, Number, Value};
use toml::Spanned;
use toml::de::DeValue;

use super::table::{Table, integer};

/// The JSON of a value; `None`: JSON has no word for something in it, which the table's report is told of.
pub(crate) fn value(table: &Table<'_>, of: &Spanned<DeValue<'_>>) -> Option<Value> {
    let fault = |words: &str| {
        table.report.fault(of.span(), format!("a value of {} {words}", table.what));
        None
    };
    Some(match of.get_ref() {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Boolean(flag) => Value::Bool(*flag),
        DeValue::Datetime(date) => Value::String(date.to_string()),
        number @ DeValue::Integer(_) => match integer(number) {
            Some(number) => Value::from(number),
            None => return fault("is too large a number"),
        },
        DeValue::Float(number) => match number.as_str().replace('_', "").parse().ok().and_then(Number::from_f64) {
            Some(number) => Value::Number(number),
            None => return fault("is no number that JSON has"),
        },
        DeValue::Array(list) => {
            // Each tells its own fault, so all are read before any is missed.
            let values: Vec<Option<Value>> = list.iter().map(|of| value(table, of)).collect();
            Value::Array(values.into_iter().collect::<Option<_>>()?)
        }
        DeValue::Table(entries) => {
            let member = |(name, of): (&Spanned<std::borrow::Cow<'_, str>>, &Spanned<DeValue<'_>>)| {
                Some((name.get_ref().to_string(), value(table, of)?))
            };
            let members: Vec<Option<(String, Value)>> = entries.iter().map(member).collect();
            Value::Object(members.into_iter().collect::<Option<Map<_, _>>>()?)
        }
    })
}
