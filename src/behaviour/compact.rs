//! JSON without the blanks that are for people: what a device sends by itself is read by platforms, and as one line of a tape.

/// `json`, which is a cloud's own body, without blanks and line breaks between its words.
pub(super) fn compact(json: String) -> String {
    // What is one line already stays as it is.
    if !json.contains('\n') {
        return json;
    }
    let (mut quoted, mut escaped) = (false, false);
    let mut out = json;
    out.retain(|char| {
        let blank = matches!(char, ' ' | '\n' | '\r' | '\t');
        let keep = quoted || !blank;
        if char == '"' && !escaped {
            quoted = !quoted;
        }
        escaped = quoted && char == '\\' && !escaped;
        keep
    });
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn blanks_go_and_texts_stay() {
        let body = json!({ "a b": ["x \n\"y\" \\", { "z": null }], "c\\": 1.5, "": " " });
        let pretty = serde_json::to_string_pretty(&body).unwrap();
        assert_eq!(compact(pretty), body.to_string());
        assert_eq!(compact("one line, no JSON".to_owned()), "one line, no JSON");
    }

    proptest! {
        #[test]
        fn any_text_comes_through(name in any::<String>(), text in any::<String>(), number in any::<i64>()) {
            let body = json!({ name: [text, number] });
            let compacted = compact(serde_json::to_string_pretty(&body).unwrap());
            prop_assert_eq!(&compacted, &body.to_string());
            prop_assert_eq!(serde_json::from_str::<Value>(&compacted).unwrap(), body);
        }
    }
}
