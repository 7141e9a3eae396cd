//! UCloud's return codes in words.

/// The meaning of a `RetCode`; `None`: not among the documented ones.
pub(super) fn code_words(code: i64) -> Option<&'static str> {
    Some(match code {
        0 => "success",
        130 => "service unavailable",
        140 => "no permission",
        171 => "signature wrong",
        230 => "parameter wrong",
        100_014 => "device password wrong",
        100_025 => "device could not be disconnected",
        100_026 => "shadow version conflict",
        100_027 => "shadow is switched off",
        100_038 => "identifier unknown",
        100_039 => "device offline",
        100_040 => "command timed out",
        100_041 => "bad reply to a command",
        100_046 => "command unknown",
        100_047 => "event unknown",
        100_048 => "property exists already",
        100_049 => "property is read-only",
        100_050 => "too many properties",
        100_058 => "property not defined",
        100_070 => "timestamp wrong",
        100_071 => "product or device unknown",
        100_072 => "device disabled",
        100_073 => "token wrong",
        100_074 => "token expired",
        100_075 => "not allowed on this topic",
        100_076 => "body too long",
        100_077 => "publish failed",
        _ => return None,
    })
}
