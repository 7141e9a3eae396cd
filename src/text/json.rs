//! JSON strings that reach no terminal raw.

/// Appends `text` to `out` as a JSON string with its quotes: control (C0, DEL, C1), bidi and invisible characters, U+2028
/// and U+2029 stand as `\uXXXX`.
pub fn write_string(out: &mut String, text: &str) {
    let _ = (out, text);
    todo!()
}
