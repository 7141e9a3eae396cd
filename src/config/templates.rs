//! Templates in the config, with the place of what is wrong within them.

use std::borrow::Cow;
use std::ops::Range;

use toml::Spanned;
use toml::de::DeValue;

use super::json;
use super::table::Table;
use crate::template::{Fault, JsonTemplate, Template};

/// A text with holes.
pub(super) fn text(table: &Table<'_>, key: &str) -> Option<Template> {
    let text = table.text(key)?;
    match Template::parse(&text.value) {
        Ok(template) => Some(template),
        Err(fault) => {
            tell(table, key, table.raw(key)?, &fault);
            None
        }
    }
}

/// A value whose texts have holes.
pub(super) fn json(table: &Table<'_>, key: &str) -> Option<JsonTemplate> {
    let value = table.raw(key)?;
    let whole = check(table, key, value);
    let json = json::value(table, value)?;
    if !whole {
        return None;
    }
    match JsonTemplate::of(&json) {
        Ok(template) => Some(template),
        Err(fault) => {
            table.report.fault(value.span(), format!("`{key}` of {}: {fault}", table.what));
            None
        }
    }
}

/// Tells of every fault in the texts of `value`; `true`: there is none.
fn check(table: &Table<'_>, key: &str, value: &Spanned<DeValue<'_>>) -> bool {
    // Every text is looked at, so that all faults are told at once.
    match value.get_ref() {
        DeValue::String(text) => {
            let fault = Template::parse(text).err();
            if let Some(fault) = &fault {
                tell(table, key, value, fault);
            }
            fault.is_none()
        }
        DeValue::Array(items) => all(items.iter().map(|item| check(table, key, item))),
        DeValue::Table(members) => all(members.iter().map(|(_, value)| check(table, key, value))),
        _ => true,
    }
}

/// Whether all are; unlike the iterator's own it asks every one.
fn all(each: impl Iterator<Item = bool>) -> bool {
    let mut whole = true;
    for is in each {
        whole &= is;
    }
    whole
}

fn tell(table: &Table<'_>, key: &str, value: &Spanned<DeValue<'_>>, fault: &Fault) {
    match place(value, fault.at) {
        Some(at) => table.report.fault(at, format!("`{key}` of {}: {}", table.what, fault.what)),
        None => table.report.fault(value.span(), format!("`{key}` of {}: {fault}", table.what)),
    }
}

/// Where the byte `at` of a text stands in the file; `None` where escapes have moved it.
pub(super) fn place(value: &Spanned<DeValue<'_>>, at: usize) -> Option<Range<usize>> {
    let DeValue::String(Cow::Borrowed(text)) = value.get_ref() else { return None };
    let span = value.span();
    // One quote on each side, or three, behind which the first line break does not count.
    let quotes = if span.len().checked_sub(text.len())? == 2 { 1 } else { 3 };
    let start = span.end.checked_sub(quotes + text.len())? + at;
    let width = text.get(at..)?.chars().next().map_or(1, char::len_utf8);
    Some(start..start + width)
}
