//! What stands in a scenario's texts and expectations: holes to be filled, paths into messages, and tests of values.
//!
//! What may not live here: where a text stands in its file, or what is done with it.

pub(super) mod form;
pub(super) mod matcher;
pub(super) mod path;
pub(super) mod text;
pub(super) mod words;

pub(super) use form::Form;
pub(super) use matcher::{Matcher, Test};
pub(super) use path::Path;
pub(super) use text::{Text, Values};
