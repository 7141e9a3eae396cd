//! A text with holes: `${name}`, `${row.column}`, `${random 1..100}`, `${now_ms}`; `$${` stands for `${` itself.
//!
//! A hole that is all of a text keeps the type of what fills it (`"${level}"` is the number 60); `${level|text}` makes a text of
//! it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::cloud::weight_of;
use crate::session::clock;

/// A text whose holes are filled when its step is run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::scenario) struct Text {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Plain(String),
    Hole { filler: Filler, as_text: bool },
}

/// What fills a hole.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Filler {
    /// A variable, a row's column, or what an earlier step captured.
    Named(String),
    /// A whole number from the scenario's seed, both bounds included.
    Random(i64, i64),
    /// Milliseconds since the Unix epoch.
    Now,
}

/// What holes are filled with.
#[derive(Debug)]
pub(in crate::scenario) struct Values {
    named: BTreeMap<String, Value>,
    random: fastrand::Rng,
    /// Bytes that may still be filled in, of what one variable or one step takes.
    left: usize,
}

/// No variable and no step fills in more, in bytes of memory: thirty variables that each name the one before ten times would fill any.
const MOST: usize = 64 << 20;

impl Text {
    /// A text without holes.
    #[cfg(test)]
    pub(in crate::scenario) fn plain(text: &str) -> Self {
        Self { pieces: vec![Piece::Plain(text.to_owned())] }
    }

    /// Reads `source`; the error says what is wrong with a hole.
    pub(in crate::scenario) fn parse(source: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = source;
        while let Some(at) = rest.find("${") {
            let (before, after) = rest.split_at(at);
            let after = after.get(2..).unwrap_or("");
            if let Some(kept) = before.strip_suffix('$') {
                plain.push_str(kept);
                plain.push_str("${");
                rest = after;
                continue;
            }
            plain.push_str(before);
            let (inside, behind) =
                after.split_once('}').ok_or_else(|| "`${` has no `}`; `$${` stands for `${` itself".to_owned())?;
            if !plain.is_empty() {
                pieces.push(Piece::Plain(std::mem::take(&mut plain)));
            }
            pieces.push(hole(inside)?);
            rest = behind;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            pieces.push(Piece::Plain(plain));
        }
        Ok(Self { pieces })
    }

    /// The variables that it names.
    pub(in crate::scenario) fn names(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Hole { filler: Filler::Named(name), .. } => Some(name.as_str()),
            _ => None,
        })
    }

    /// The text itself, where it has no hole.
    pub(in crate::scenario) fn as_plain(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Plain(text)] => Some(text),
            _ => None,
        }
    }

    /// The text with its holes filled; an error names a variable that has no value.
    pub(in crate::scenario) fn fill(&self, values: &mut Values) -> Result<String, String> {
        let mut filled = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Plain(text) => filled.push_str(text),
                Piece::Hole { filler, .. } => filled.push_str(&as_text(&values.get(filler)?)),
            }
        }
        Ok(filled)
    }

    /// As [`Text::fill`]; a hole that is all of the text keeps its type.
    pub(in crate::scenario) fn fill_value(&self, values: &mut Values) -> Result<Value, String> {
        match self.pieces.as_slice() {
            [Piece::Hole { filler, as_text: false }] => values.get(filler),
            _ => self.fill(values).map(Value::String),
        }
    }
}

impl Values {
    /// Values without a name yet; what is random follows from `seed`.
    pub(in crate::scenario) fn new(seed: u64) -> Self {
        Self { named: BTreeMap::new(), random: fastrand::Rng::with_seed(seed), left: MOST }
    }

    /// What follows is another variable or step.
    pub(in crate::scenario) fn begin(&mut self) {
        self.left = MOST;
    }

    /// Names a value, or names it anew.
    pub(in crate::scenario) fn set(&mut self, name: &str, value: Value) {
        self.named.insert(name.to_owned(), value);
    }

    fn get(&mut self, filler: &Filler) -> Result<Value, String> {
        match filler {
            Filler::Named(name) => {
                let value = self.named.get(name).ok_or_else(|| format!("nothing is called `{name}` yet"))?;
                let left = self.left.checked_sub(weight_of(value));
                self.left = left.ok_or_else(|| format!("with `{name}` it is more than {} MiB", MOST >> 20))?;
                Ok(value.clone())
            }
            Filler::Random(low, high) => Ok(Value::from(self.random.i64(*low..=*high))),
            Filler::Now => Ok(Value::from(clock::wall().unix_micros() / 1_000)),
        }
    }
}

/// A value as it stands within a text: texts as they are, the rest as JSON.
pub(in crate::scenario) fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Whether `name` can be that of a variable.
pub(in crate::scenario) fn is_name(name: &str) -> bool {
    let starts = name.chars().next().is_some_and(|first| first.is_alphabetic() || first == '_');
    starts && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
}

fn hole(inside: &str) -> Result<Piece, String> {
    let (what, as_text) = match inside.split_once('|') {
        None => (inside.trim(), false),
        Some((what, "text")) => (what.trim(), true),
        Some((_, other)) => return Err(format!("`|{other}` is unknown; there is `|text`")),
    };
    let filler = if what == "now_ms" {
        Filler::Now
    } else if let Some(range) = what.strip_prefix("random") {
        let bounds = range.trim().split_once("..").and_then(|(low, high)| {
            // What is no number is told of below.
            Some((low.trim().parse::<i64>().ok()?, high.trim().parse::<i64>().ok()?))
        });
        match bounds {
            Some((low, high)) if low <= high => Filler::Random(low, high),
            _ => return Err(format!("`{what}` must be such as `random 1..100`")),
        }
    } else {
        let column = what.strip_prefix("row.");
        if column.is_some_and(str::is_empty) || (column.is_none() && !is_name(what)) {
            return Err(format!("`${{{inside}}}` names nothing: a name has letters, digits, `_` and `-`"));
        }
        Filler::Named(what.to_owned())
    };
    Ok(Piece::Hole { filler, as_text })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn values() -> Values {
        let mut values = Values::new(7);
        values.set("level", json!(60));
        values.set("name", json!("smoke"));
        values.set("row.mode", json!(true));
        values
    }

    #[test]
    fn holes_are_filled_and_keep_their_type_where_they_stand_alone() {
        for (source, text, value) in [
            ("plain", "plain", json!("plain")),
            ("", "", json!("")),
            ("${level}", "60", json!(60)),
            ("${level|text}", "60", json!("60")),
            ("a ${name}-${level} b", "a smoke-60 b", json!("a smoke-60 b")),
            ("${row.mode}", "true", json!(true)),
            ("$${level} costs 1$", "${level} costs 1$", json!("${level} costs 1$")),
            ("${ level }", "60", json!(60)),
        ] {
            let parsed = Text::parse(source).unwrap();
            assert_eq!(parsed.fill(&mut values()).unwrap(), text, "{source}");
            assert_eq!(parsed.fill_value(&mut values()).unwrap(), value, "{source}");
        }
    }

    #[test]
    fn a_hole_that_names_nothing_is_told() {
        for (source, said) in [
            ("${level", "has no `}`"),
            ("${}", "names nothing"),
            ("${1a}", "names nothing"),
            ("${row.}", "names nothing"),
            ("${a|upper}", "`|upper` is unknown"),
            ("${random 9..1}", "random 1..100"),
            ("${random}", "random 1..100"),
        ] {
            let fault = Text::parse(source).unwrap_err();
            assert!(fault.contains(said), "{source}: {fault}");
        }
        assert!(Text::parse("${other}").unwrap().fill(&mut values()).unwrap_err().contains("`other`"));
    }

    #[test]
    fn what_multiplies_itself_ends_before_the_memory_does() {
        for source in ["${v}${v}${v}${v}${v}${v}${v}${v}", "${v}"] {
            let mut values = values();
            values.set("v", json!("0123456789"));
            let grown = (0..30).try_for_each(|_| {
                values.begin();
                let text = Text::parse(source).unwrap();
                let form = match text.as_plain() {
                    None if source.len() > 5 => text.fill_value(&mut values)?,
                    // A list of eight, by its value.
                    _ => Value::Array((0..8).map(|_| text.fill_value(&mut values)).collect::<Result<_, _>>()?),
                };
                values.set("v", form);
                Ok::<_, String>(())
            });
            assert_eq!(grown.unwrap_err(), "with `v` it is more than 64 MiB", "{source}");
        }
    }

    #[test]
    fn what_is_random_follows_from_the_seed() {
        let text = Text::parse("${random 1..1000000} ${random 1..1000000}").unwrap();
        let [first, again, other] = [3, 3, 4].map(|seed| text.fill(&mut Values::new(seed)).unwrap());
        assert_eq!(first, again);
        assert_ne!(first, other);
        let only = Text::parse("${random 5..5}").unwrap();
        assert_eq!(only.fill_value(&mut Values::new(1)).unwrap(), json!(5));
    }
}
