//! What values a property or a parameter can take, and how that is said.
//!
//! What lives here: the types of all three clouds in one list, their words, and an example of each. What may not: holding a
//! value against them (that is `check`) and how a file spells them.

use std::fmt::{self, Display};

use serde_json::{Map, Value};

/// The longest description, in characters; a longer one ends in `…`.
const LONGEST: usize = 200;

/// What is written where a text is wanted.
const TEXT: &str = "text";

/// A moment for examples: the start of 2025, UTC, in milliseconds since 1970.
const MOMENT_MS: i64 = 1_735_689_600_000;

/// Beyond this span the middle of a range says nothing to a person.
const TELLING: f64 = 1e6;

/// What values can be taken.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// A whole number.
    Int {
        /// 64 bits instead of 32.
        wide: bool,
        /// Its bounds.
        range: Range<i64>,
    },
    /// A number that may have decimals.
    Float {
        /// Double precision instead of single.
        double: bool,
        /// Whether the cloud takes a number without a decimal point for an int, and refuses it.
        point: bool,
        /// Its bounds.
        range: Range<f64>,
    },
    /// A string.
    Text {
        /// How long it may be.
        longest: Option<usize>,
        /// Whether that counts bytes instead of characters.
        bytes: bool,
        /// The only strings that are taken; empty: any.
        choices: Vec<String>,
    },
    /// One of two.
    Bool {
        /// Written as 0 and 1 instead of `false` and `true`.
        numeric: bool,
        /// What the two mean, the false one first; empty where the model does not say.
        labels: [String; 2],
    },
    /// A whole number with a meaning: the numbers and what they mean. Empty where the model does not say.
    Enum(Vec<(i64, String)>),
    /// A moment.
    Date(DateForm),
    /// An object with these members.
    Struct(Vec<Field>),
    /// A list of one type.
    Array {
        /// How many items there may be.
        longest: Option<usize>,
        /// What each is.
        item: Box<Data>,
    },
    /// Any JSON object.
    Json {
        /// How long it may be, in characters as it stands in the body.
        longest: Option<usize>,
    },
    /// A list of strings.
    TextList {
        /// How long each may be, in characters.
        longest: Option<usize>,
    },
    /// The model does not say.
    Any,
}

/// How a moment is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateForm {
    /// Milliseconds since 1970 as decimal text (Aliyun).
    TextMs,
    /// Milliseconds since 1970 as a number (UCloud).
    NumberMs,
    /// `yyyyMMdd'T'HHmmss'Z'`, UTC (Huawei).
    Compact,
}

/// Bounds of a number.
#[derive(Clone, Debug, PartialEq)]
pub struct Range<T> {
    /// The least.
    pub min: Option<T>,
    /// The greatest; not below `min`.
    pub max: Option<T>,
    /// How far apart values are meant to be, above 0. The clouds do not hold a value against it.
    pub step: Option<T>,
    /// The unit; empty where there is none.
    pub unit: String,
}

/// A parameter, an output, or a member of a struct.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its identifier.
    pub id: String,
    /// What people call it; empty where the model does not say.
    pub name: String,
    /// What it can be.
    pub data: Data,
    /// Whether it has to be there.
    pub required: bool,
}

/// A type without its bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the type of that name in `Data`")]
pub enum Type {
    Int,
    Long,
    Float,
    Double,
    Text,
    Bool,
    Enum,
    Date,
    Struct,
    Array,
    Json,
    TextList,
    Any,
}

impl Type {
    /// Its word, as in `int 0…100`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Int => "int",
            Self::Long => "long",
            Self::Float => "float",
            Self::Double => "double",
            Self::Text => "text",
            Self::Bool => "bool",
            Self::Enum => "enum",
            Self::Date => "date",
            Self::Struct => "struct",
            Self::Array => "array",
            Self::Json => "JSON object",
            Self::TextList => "list of texts",
            Self::Any => "any value",
        }
    }
}

impl<T> Default for Range<T> {
    fn default() -> Self {
        Self { min: None, max: None, step: None, unit: String::new() }
    }
}

impl Data {
    /// Its type without bounds.
    pub fn kind(&self) -> Type {
        match self {
            Self::Int { wide: false, .. } => Type::Int,
            Self::Int { wide: true, .. } => Type::Long,
            Self::Float { double: false, .. } => Type::Float,
            Self::Float { double: true, .. } => Type::Double,
            Self::Text { .. } => Type::Text,
            Self::Bool { .. } => Type::Bool,
            Self::Enum(_) => Type::Enum,
            Self::Date(_) => Type::Date,
            Self::Struct(_) => Type::Struct,
            Self::Array { .. } => Type::Array,
            Self::Json { .. } => Type::Json,
            Self::TextList { .. } => Type::TextList,
            Self::Any => Type::Any,
        }
    }

    /// How many types, members and choices are in it, itself among them.
    pub(super) fn size(&self) -> usize {
        1 + match self {
            Self::Text { choices, .. } => choices.len(),
            Self::Enum(choices) => choices.len(),
            Self::Struct(fields) => fields.iter().map(|field| field.data.size()).sum(),
            Self::Array { item, .. } => item.size(),
            _ => 0,
        }
    }

    /// What it can be, in at most 200 characters: `int 0…100 %`, `enum 0=off 1=on`, `text ≤ 64`. Names in it come from the
    /// model's file: the screen makes them safe.
    pub fn describe(&self) -> String {
        let mut said = self.kind().word().to_owned();
        match self {
            Self::Int { wide, range } => {
                let whole = if *wide { (i64::MIN, i64::MAX) } else { (i32::MIN.into(), i32::MAX.into()) };
                range.say(&mut said, whole, &|number| number.to_string());
            }
            Self::Float { range, .. } => range.say(&mut said, (f64::MIN, f64::MAX), &|number| plain(*number)),
            Self::Text { choices, .. } if !choices.is_empty() => {
                push(&mut said, &format!(": {}", listed(choices.iter().map(String::as_str))));
            }
            Self::Text { longest, bytes, .. } => {
                let unit = if *bytes { " B" } else { "" };
                say_longest(&mut said, *longest, unit);
            }
            Self::Bool { numeric, labels } => {
                let forms = if *numeric { ["0", "1"] } else { ["false", "true"] };
                for (form, label) in forms.iter().zip(labels) {
                    say_choice(&mut said, form, label);
                }
            }
            Self::Enum(choices) => {
                for (number, label) in choices {
                    say_choice(&mut said, number, label);
                }
            }
            Self::Date(form) => push(&mut said, form.words()),
            Self::Struct(fields) => {
                push(&mut said, &format!(": {}", listed(fields.iter().map(|field| field.id.as_str()))));
            }
            Self::Array { longest, item } => {
                say_longest(&mut said, *longest, "");
                push(&mut said, &format!(" of {}", item.describe()));
            }
            Self::Json { longest } | Self::TextList { longest } => say_longest(&mut said, *longest, ""),
            Self::Any => {}
        }
        if let Some((end, _)) = said.char_indices().nth(LONGEST) {
            said.truncate(end);
            said.pop();
            said.push('…');
        }
        said
    }

    /// A value that is taken, inside its bounds rather than at their edge.
    pub fn example(&self) -> Value {
        match self {
            Self::Int { wide, range } => {
                let (least, most) = if *wide { (i64::MIN, i64::MAX) } else { (i32::MIN.into(), i32::MAX.into()) };
                let (least, most) = (range.min.unwrap_or(least), range.max.unwrap_or(most));
                range.int_example(least, most).into()
            }
            Self::Float { double, range, .. } => {
                let most = if *double { f64::MAX } else { f32::MAX.into() };
                let (least, most) = (range.min.unwrap_or(-most), range.max.unwrap_or(most));
                range.float_example(least, most).into()
            }
            Self::Text { choices, longest, .. } => {
                choices.first().map_or_else(|| cut(TEXT, *longest), Clone::clone).into()
            }
            Self::Bool { numeric: true, .. } => 1.into(),
            Self::Bool { numeric: false, .. } => true.into(),
            Self::Enum(choices) => choices.first().map_or(0, |(number, _)| *number).into(),
            Self::Date(DateForm::TextMs) => MOMENT_MS.to_string().into(),
            Self::Date(DateForm::NumberMs) => MOMENT_MS.into(),
            Self::Date(DateForm::Compact) => "20250101T000000Z".into(),
            Self::Struct(fields) => example_of(fields),
            Self::Array { longest, item } => {
                let count = longest.unwrap_or(1).min(1);
                Value::Array(std::iter::repeat_with(|| item.example()).take(count).collect())
            }
            Self::Json { .. } => Value::Object(Map::new()),
            Self::TextList { longest } => Value::Array(vec![cut(TEXT, *longest).into()]),
            Self::Any => 0.into(),
        }
    }
}

impl DateForm {
    fn words(self) -> &'static str {
        match self {
            Self::TextMs => ": ms since 1970, as text",
            Self::NumberMs => ": ms since 1970",
            Self::Compact => ": yyyyMMdd'T'HHmmss'Z'",
        }
    }
}

impl<T: PartialOrd + Copy> Range<T> {
    /// Says the bounds that are narrower than `whole`, the step and the unit.
    fn say(&self, said: &mut String, whole: (T, T), words: &dyn Fn(&T) -> String) {
        let min = self.min.filter(|min| *min > whole.0);
        let max = self.max.filter(|max| *max < whole.1);
        let bounds = match (min, max) {
            (Some(min), Some(max)) => format!(" {}…{}", words(&min), words(&max)),
            (Some(min), None) => format!(" ≥ {}", words(&min)),
            (None, Some(max)) => format!(" ≤ {}", words(&max)),
            (None, None) => String::new(),
        };
        push(said, &bounds);
        if !self.unit.is_empty() {
            push(said, &format!(" {}", self.unit));
        }
        if let Some(step) = self.step {
            push(said, &format!(", step {}", words(&step)));
        }
    }
}

impl Range<i64> {
    /// The middle, at a whole number of steps from the least; in a wide range what is nearest to 1.
    fn int_example(&self, least: i64, most: i64) -> i64 {
        let span = i128::from(most) - i128::from(least);
        if span > 1_000_000 {
            return 1.clamp(least, most);
        }
        let step = i128::from(self.step.unwrap_or(1)).max(1);
        let value = i128::from(least) + span / 2 / step * step;
        i64::try_from(value).unwrap_or(least) // between both, which fit
    }
}

impl Range<f64> {
    fn float_example(&self, least: f64, most: f64) -> f64 {
        let span = most - least;
        // A range that no double measures is wide too.
        if !span.is_finite() || span > TELLING {
            return 1.0_f64.clamp(least, most);
        }
        let step = self.step.unwrap_or(1.0);
        let steps = (span / 2.0 / step).floor();
        // A step of a ten-thousandth leaves no noise behind this.
        let value = ((least + steps * step) * 1e6).round() / 1e6;
        value.clamp(least, most)
    }
}

/// Examples of all of them, as an object.
pub fn example_of(fields: &[Field]) -> Value {
    Value::Object(fields.iter().map(|field| (field.id.clone(), field.data.example())).collect())
}

/// A number without needless digits: as it would be written by hand.
pub(super) fn plain(number: f64) -> String {
    if number != 0.0 && !(1e-6..1e15).contains(&number.abs()) { format!("{number:e}") } else { number.to_string() }
}

/// Names with commas between, no more of them than a description can show.
fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.take(LONGEST).map(|name| cut(name, Some(LONGEST))).collect();
    names.join(", ")
}

fn say_longest(said: &mut String, longest: Option<usize>, unit: &str) {
    if let Some(longest) = longest {
        push(said, &format!(" ≤ {longest}{unit}"));
    }
}

fn say_choice(said: &mut String, form: &dyn Display, label: &str) {
    // What is beyond the limit is cut anyway.
    if said.len() > 4 * LONGEST {
        return;
    }
    let choice = if label.is_empty() { format!(" {form}") } else { format!(" {form}={}", Short(label)) };
    push(said, &choice);
}

/// The beginning of a label, so that a long one is not copied for each description.
struct Short<'a>(&'a str);

impl Display for Short<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&cut(self.0, Some(LONGEST)))
    }
}

/// Appends text, of which no more is kept than a description can show.
fn push(said: &mut String, text: &str) {
    said.extend(text.chars().take(LONGEST + 1));
}

/// A text for a person; of a very long one the beginning.
pub(super) fn short(mut text: String) -> String {
    const LONGEST: usize = 1_000;
    if let Some((end, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// At most so many characters of a text.
fn cut(text: &str, longest: Option<usize>) -> String {
    text.chars().take(longest.unwrap_or(usize::MAX)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn int(min: i64, max: i64, unit: &str) -> Data {
        let range = Range { min: Some(min), max: Some(max), step: None, unit: unit.to_owned() };
        Data::Int { wide: false, range }
    }

    fn float(min: f64, max: f64, step: Option<f64>) -> Data {
        let range = Range { min: Some(min), max: Some(max), step, unit: "℃".to_owned() };
        Data::Float { double: false, point: true, range }
    }

    #[test]
    fn types_are_said_in_a_line_and_have_an_example() {
        let labels = ["off".to_owned(), "on".to_owned()];
        let text = |longest| Data::Text { longest, bytes: false, choices: Vec::new() };
        let field = Field { id: "lat".to_owned(), name: String::new(), data: int(0, 9, ""), required: false };
        for (data, said, example) in [
            (int(0, 100, "%"), "int 0…100 %", json!(50)),
            (int(i32::MIN.into(), i32::MAX.into(), ""), "int", json!(1)),
            (int(5, i64::MAX, ""), "int ≥ 5", json!(5)),
            (int(-9, -3, ""), "int -9…-3", json!(-6)),
            (float(-40.0, 80.0, Some(0.1)), "float -40…80 ℃, step 0.1", json!(20.0)),
            (float(0.0, 0.5, Some(0.1)), "float 0…0.5 ℃, step 0.1", json!(0.2)),
            (float(-1e30, 1e30, None), "float -1e30…1e30 ℃", json!(1.0)),
            (text(Some(64)), "text ≤ 64", json!("text")),
            (text(Some(2)), "text ≤ 2", json!("te")),
            (
                Data::Text { longest: None, bytes: false, choices: vec!["OFF".into(), "ON".into()] },
                "text: OFF, ON",
                json!("OFF"),
            ),
            (Data::Text { longest: Some(9), bytes: true, choices: Vec::new() }, "text ≤ 9 B", json!("text")),
            (Data::Bool { numeric: true, labels: labels.clone() }, "bool 0=off 1=on", json!(1)),
            (Data::Bool { numeric: false, labels: Default::default() }, "bool false true", json!(true)),
            (Data::Enum(vec![(2, "auto".into()), (7, String::new())]), "enum 2=auto 7", json!(2)),
            (Data::Date(DateForm::TextMs), "date: ms since 1970, as text", json!("1735689600000")),
            (Data::Struct(vec![field]), "struct: lat", json!({ "lat": 4 })),
            (Data::Array { longest: Some(3), item: Box::new(int(0, 9, "")) }, "array ≤ 3 of int 0…9", json!([4])),
            (Data::Array { longest: Some(0), item: Box::new(Data::Any) }, "array ≤ 0 of any value", json!([])),
        ] {
            assert_eq!(data.describe(), said);
            assert_eq!(data.example(), example, "{said}");
        }
    }

    #[test]
    fn a_description_is_bounded() {
        let many = Data::Enum((0..5_000).map(|number| (number, "意义".repeat(500))).collect());
        let said = many.describe();
        assert_eq!(said.chars().count(), LONGEST);
        assert!(said.starts_with("enum 0=意义") && said.ends_with('…'));
        let deep = (0..90).fold(Data::Any, |item, _| Data::Array { longest: None, item: Box::new(item) });
        assert_eq!(deep.describe().chars().count(), LONGEST);
    }
}
