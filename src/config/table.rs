//! A raw table with its places: typed reading of keys, each fault told where it stands.
//!
//! What lives here: types. What may not: what a key means.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::report::Report;
use super::suggest;

/// A value and its place in the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) at: Range<usize>,
}

/// A table of the config.
#[derive(Clone, Copy)]
pub(crate) struct Table<'a> {
    entries: &'a DeTable<'a>,
    /// What it is, for the sentence: "device `smoke-01`".
    pub(crate) what: &'a str,
    pub(crate) report: &'a Report,
    start: usize,
    end: usize,
}

impl<'a> Table<'a> {
    /// The table at `at`, called `what` in sentences.
    pub(crate) fn new(entries: &'a DeTable<'a>, at: Range<usize>, what: &'a str, report: &'a Report) -> Self {
        Self { entries, what, report, start: at.start, end: at.end }
    }

    /// Where the table stands: its header or its braces.
    pub(crate) fn place(&self) -> Range<usize> {
        self.start..self.end
    }

    /// The keys with their places, in the file's order.
    pub(crate) fn keys(&self) -> impl Iterator<Item = At<&'a str>> {
        self.entries.keys().map(|key| At { value: key.get_ref().as_ref(), at: key.span() })
    }

    /// The raw value of `key`.
    pub(crate) fn raw(&self, key: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.entries.get(key)
    }

    /// Where `key` stands; the table itself when it is not there.
    pub(crate) fn key_place(&self, key: &str) -> Range<usize> {
        self.keys().find(|there| there.value == key).map_or_else(|| self.place(), |there| there.at)
    }

    /// Notes that `key` is missing; `why` says what it is for.
    pub(crate) fn missing(&self, key: &str, why: &str) {
        self.report.missing(self.place(), key, format!("{} has no `{key}`: {why}", self.what));
    }

    /// Notes a fault at the value of `key`.
    pub(crate) fn fault_at(&self, at: Range<usize>, key: &str, wanted: &str) {
        self.report.fault(at, format!("`{key}` of {} must be {wanted}", self.what));
    }

    /// A text.
    pub(crate) fn text(&self, key: &str) -> Option<At<String>> {
        self.read(key, "a text in quotes", |value| value.as_str().map(str::to_owned))
    }

    /// A text that is not empty and holds no control characters.
    pub(crate) fn word(&self, key: &str) -> Option<At<String>> {
        let text = self.text(key)?;
        if text.value.is_empty() {
            self.fault_at(text.at, key, "a text that is not empty");
            return None;
        }
        if text.value.chars().any(char::is_control) {
            self.fault_at(text.at, key, "a text without control characters");
            return None;
        }
        Some(text)
    }

    /// `true` or `false`.
    pub(crate) fn boolean(&self, key: &str) -> Option<At<bool>> {
        self.read(key, "true or false", |value| match value {
            DeValue::Boolean(flag) => Some(*flag),
            _ => None,
        })
    }

    /// A whole number within bounds, both included.
    pub(crate) fn integer(&self, key: &str, lowest: i64, highest: i64) -> Option<At<i64>> {
        let wanted = format!("a whole number from {lowest} to {highest}");
        let value = self.raw(key)?;
        match integer(value.get_ref()).filter(|number| (lowest..=highest).contains(number)) {
            Some(number) => return Some(At { value: number, at: value.span() }),
            None if value.get_ref().is_integer() => self.fault_at(value.span(), key, &wanted),
            None => self.wrong_type(value, key, &wanted),
        }
        None
    }

    /// A table within, called `what`.
    pub(crate) fn table<'b>(&self, key: &str, what: &'b str) -> Option<Table<'b>>
    where
        'a: 'b,
    {
        let value = self.raw(key)?;
        let Some(entries) = value.get_ref().as_table() else {
            self.wrong_type(value, key, "a table: { … }");
            return None;
        };
        Some(Table::new(entries, value.span(), what, self.report))
    }

    /// The tables of a list, each called `what` in sentences: `[[device.rule]]` and the like.
    pub(crate) fn tables<'b>(&self, key: &str, what: &'b str) -> Vec<Table<'b>>
    where
        'a: 'b,
    {
        let Some(value) = self.raw(key) else { return Vec::new() };
        let wanted = format!("a list of tables: [[…{key}]]");
        let Some(list) = value.get_ref().as_array() else {
            self.wrong_type(value, key, &wanted);
            return Vec::new();
        };
        let mut tables = Vec::with_capacity(list.len());
        for entry in list {
            match entry.get_ref().as_table() {
                Some(entries) => tables.push(Table::new(entries, entry.span(), what, self.report)),
                None => self.wrong_type(entry, key, &wanted),
            }
        }
        tables
    }

    /// A number within bounds, both included, with or without a decimal point.
    pub(crate) fn number(&self, key: &str, bounds: std::ops::RangeInclusive<f64>) -> Option<At<f64>> {
        let value = self.raw(key)?;
        let number = match value.get_ref() {
            DeValue::Float(number) => number.as_str().replace('_', "").parse::<f64>().ok(),
            other => integer(other).and_then(|number| i32::try_from(number).ok()).map(f64::from),
        };
        if let Some(number) = number.filter(|number| bounds.contains(number)) {
            return Some(At { value: number, at: value.span() });
        }
        let all = bounds.contains(&f64::MIN) && bounds.contains(&f64::MAX);
        let wanted =
            if all { "a number".to_owned() } else { format!("a number from {} to {}", bounds.start(), bounds.end()) };
        self.fault_at(value.span(), key, &wanted);
        None
    }

    /// A value of one of a few names.
    pub(crate) fn choice<T: Copy>(&self, key: &str, choices: &[(&'static str, T)]) -> Option<At<T>> {
        let text = self.text(key)?;
        if let Some((_, value)) = choices.iter().find(|(name, _)| *name == text.value) {
            return Some(At { value: *value, at: text.at });
        }
        let names = choices.iter().map(|(name, _)| *name);
        let listed = choices.iter().map(|(name, _)| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
        let guess = suggest::nearest(&text.value, names);
        let guess = guess.map_or_else(String::new, |name| format!("; did you mean \"{name}\"?"));
        self.report.fault(text.at, format!("`{key}` of {} must be one of {listed}{guess}", self.what));
        None
    }

    /// Tells of every key that is not among `known`.
    pub(crate) fn refuse_unknown(&self, known: &[&str]) {
        for key in self.keys().filter(|key| !known.contains(&key.value)) {
            self.unknown(&key, known);
        }
    }

    /// Tells of an unknown key and the nearest of `known`.
    pub(crate) fn unknown(&self, key: &At<&str>, known: &[&str]) {
        let guess = match suggest::nearest(key.value, known.iter().copied()) {
            Some(near) => {
                self.report.meant(self.start, near);
                format!("; did you mean `{near}`?")
            }
            None if known.len() <= 6 => format!("; there are {}", known.join(", ")),
            None => String::new(),
        };
        self.report.fault(key.at.clone(), format!("{} has an unknown key `{}`{guess}", self.what, key.value));
    }

    /// Tells that a value is of another type; never shows the value, which may be a secret.
    pub(crate) fn wrong_type(&self, value: &Spanned<DeValue<'_>>, key: &str, wanted: &str) {
        let found = type_name(value.get_ref());
        self.report.fault(value.span(), format!("`{key}` of {} must be {wanted}, not {found}", self.what));
    }

    fn read<T>(&self, key: &str, wanted: &str, get: impl Fn(&DeValue<'_>) -> Option<T>) -> Option<At<T>> {
        let value = self.raw(key)?;
        let Some(got) = get(value.get_ref()) else {
            self.wrong_type(value, key, wanted);
            return None;
        };
        Some(At { value: got, at: value.span() })
    }
}

/// A whole number.
pub(crate) fn integer(value: &DeValue<'_>) -> Option<i64> {
    let number = value.as_integer()?;
    // toml has checked the digits; what it does not check is that they fit.
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

/// What a value is, with its article.
pub(crate) fn type_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a decimal number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
