//! Reading members of a model's JSON, with a fault that names file, place and path where one is not as it should be.
//!
//! What lives here: the forms that all clouds' files share: names, flags, numbers as text. What may not: the names of
//! members; each cloud's file spells its own.

use super::Fault;
use super::data::Range;
use super::json::{Node, Shape, Tree};

/// A file whose JSON was read.
pub(super) struct Reader<'a> {
    place: &'a str,
    tree: Tree<'a>,
}

impl<'a> Reader<'a> {
    /// Reads the text of the file that faults call `place`.
    pub(super) fn new(place: &'a str, text: &'a str) -> Result<Self, Fault> {
        let tree = Tree::read(text).map_err(|no_json| {
            let (line, column) = no_json.place;
            Fault::new(format!("{place}:{line}:{column}"), format!("is not JSON: {}", no_json.what))
        })?;
        Ok(Self { place, tree })
    }

    /// The whole of it, which must be an object.
    pub(super) fn root(&self) -> Result<&Node<'a>, Fault> {
        self.object(&self.tree.root, "a model")
    }

    /// A fault at a byte of the file.
    pub(super) fn fault(&self, at: usize, what: impl Into<String>) -> Fault {
        let ((line, column), path) = (self.tree.place(at), self.tree.path(at));
        let path = if path.is_empty() { path } else { format!(" {path}") };
        Fault::new(format!("{}:{line}:{column}{path}", self.place), what)
    }

    /// The node itself, which must be an object that holds `what`.
    pub(super) fn object<'n>(&self, node: &'n Node<'a>, what: &str) -> Result<&'n Node<'a>, Fault> {
        match node.shape {
            Shape::Object(_) => Ok(node),
            _ => Err(self.fault(node.start, format!("{what} must be an object, not {}", node.kind()))),
        }
    }

    /// The items of a list; none where it is absent or `null`.
    pub(super) fn list<'n>(&self, node: &'n Node<'a>, name: &str) -> Result<&'n [Node<'a>], Fault> {
        let Some(value) = present(node, name) else { return Ok(&[]) };
        match value.shape {
            Shape::Array(_) => Ok(value.items()),
            _ => Err(self.fault(value.start, format!("`{name}` must be an array, not {}", value.kind()))),
        }
    }

    /// A text that must be there and not be empty.
    pub(super) fn id(&self, node: &Node<'a>, name: &str) -> Result<String, Fault> {
        let Some(value) = present(node, name) else {
            return Err(self.fault(node.start, format!("`{name}` is missing")));
        };
        match value.text() {
            Some("") => Err(self.fault(value.start, format!("`{name}` is empty"))),
            Some(text) => Ok(text.to_owned()),
            None => Err(self.fault(value.start, format!("`{name}` must be a text, not {}", value.kind()))),
        }
    }

    /// A size, as a number or as text; none where it is absent or empty.
    pub(super) fn size(&self, node: &Node<'a>, name: &str) -> Result<Option<usize>, Fault> {
        let Some((value, word)) = self.number(node, name)? else { return Ok(None) };
        let size = word.parse().map(Some);
        size.map_err(|_| self.fault(value.start, format!("`{name}` must be a whole number from 0, not {}", value.raw)))
    }

    /// The bounds of a whole number; those that `least..=most` leaves no room for are dropped.
    pub(super) fn int_range(
        &self,
        node: &Node<'a>,
        [min, max, step]: [&str; 3],
        (least, most): (i64, i64),
    ) -> Result<Range<i64>, Fault> {
        let bound = |name| {
            let Some((value, word)) = self.number(node, name)? else { return Ok(None) };
            let number = word.parse::<i128>().ok().or_else(|| whole_of(word)); // `100.0` is whole as well
            let number = number.ok_or_else(|| self.no_number(name, value))?;
            Ok(i64::try_from(number).ok().filter(|number| (least..=most).contains(number))) // else no bound at all
        };
        let (min_value, max_value) = (bound(min)?, bound(max)?);
        // A step says how values are meant to be spaced: one that is no number is no damage.
        let step = self.number(node, step)?.and_then(|(_, word)| word.parse::<i128>().ok().or_else(|| whole_of(word)));
        let step = step.and_then(|step| i64::try_from(step).ok()).filter(|step| *step > 0);
        self.in_order(node, (min, min_value), (max, max_value))?;
        Ok(Range { min: min_value, max: max_value, step, unit: String::new() })
    }

    /// The bounds of a number with decimals; those beyond `most` on either side are dropped.
    pub(super) fn float_range(
        &self,
        node: &Node<'a>,
        [min, max, step]: [&str; 3],
        most: f64,
    ) -> Result<Range<f64>, Fault> {
        let bound = |name| {
            let Some((value, word)) = self.number(node, name)? else { return Ok(None) };
            let number: f64 = word.parse().map_err(|_| self.no_number(name, value))?;
            if number.is_nan() { Err(self.no_number(name, value)) } else { Ok(Some(number)) }
        };
        let (min_value, max_value) = (bound(min)?, bound(max)?);
        let step = self.number(node, step)?.and_then(|(_, word)| word.parse().ok());
        let step = step.filter(|step: &f64| step.is_finite() && *step > 0.0);
        self.in_order(node, (min, min_value), (max, max_value))?;
        let within = |bound: &f64| bound.abs() <= most;
        Ok(Range { min: min_value.filter(within), max: max_value.filter(within), step, unit: String::new() })
    }

    fn in_order<T: PartialOrd + std::fmt::Display>(
        &self,
        node: &Node<'a>,
        (min, least): (&str, Option<T>),
        (max, most): (&str, Option<T>),
    ) -> Result<(), Fault> {
        match (least, most) {
            (Some(least), Some(most)) if least > most => {
                Err(self.fault(node.start, format!("`{min}` {least} is above `{max}` {most}")))
            }
            _ => Ok(()),
        }
    }

    /// A number, as such or as text; none where it is absent, `null` or empty.
    fn number<'n>(&self, node: &'n Node<'a>, name: &str) -> Result<Option<(&'n Node<'a>, &'n str)>, Fault> {
        let Some(value) = present(node, name) else { return Ok(None) };
        let word = value.word().ok_or_else(|| self.no_number(name, value))?.trim();
        Ok((!word.is_empty()).then_some((value, word)))
    }

    fn no_number(&self, name: &str, value: &Node<'a>) -> Fault {
        self.fault(value.start, format!("`{name}` must be a number, not {}", value.raw.get(..40).unwrap_or(value.raw)))
    }
}

/// The member, where there is one that is not `null`.
pub(super) fn present<'n, 'a>(node: &'n Node<'a>, name: &str) -> Option<&'n Node<'a>> {
    node.get(name).filter(|value| value.shape != Shape::Null)
}

/// A text for people; empty where it is absent or something else.
pub(super) fn words(node: &Node<'_>, name: &str) -> String {
    node.get(name).and_then(Node::text).map(str::to_owned).unwrap_or_default()
}

/// A flag, also as text; `false` where it is absent or something else.
pub(super) fn flag(node: &Node<'_>, name: &str) -> bool {
    node.get(name).is_some_and(|value| matches!(value.raw, "true" | "1" | "\"true\"" | "\"1\""))
}

/// The whole number that a text with a point or an exponent stands for.
fn whole_of(word: &str) -> Option<i128> {
    let number: f64 = word.parse().ok()?; // the caller has words for it
    // Rust's way to write a number has no exponent.
    (number.is_finite() && number.fract() == 0.0).then(|| format!("{number:.0}").parse().ok()).flatten()
}
