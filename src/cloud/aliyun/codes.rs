//! Aliyun's codes in words.

/// The meaning of a code that the platform answers with; `None`: not among the documented ones a device meets.
pub(super) fn platform_code(code: i64) -> Option<&'static str> {
    Some(match code {
        200 => "success",
        400 | 500 | 6760 => "failure at the platform",
        401 => "the signature is wrong",
        428 => "too many sub-devices on the gateway",
        429 | 26010 | 6452 => "throttled: too many messages",
        460 => "bad parameters: empty, malformed or too many",
        520 => "no session: the sub-device is not logged in",
        521 => "the sub-device was deleted",
        522 => "the sub-device is disabled",
        5005 | 6250 => "product not found: check the product key",
        5159 | 6320 => "property not in the model",
        5160 => "event not in the model",
        5161 => "service not in the model",
        5244 => "LoRaWAN product data not found",
        6100 => "device not found",
        6106 => "more than 200 properties",
        6200 | 6201 | 26001 | 26002 | 26006 | 26007 => "the product's parsing script is missing or broken",
        6203 => "topic could not be parsed",
        6204 | 6208 => "device disabled",
        6207 => "body is not JSON",
        6280 => "the device name is not of the documented form",
        6287 => "the signature is wrong: check the sub-device's secret",
        6300 | 6450 => "method missing",
        6302 => "a required parameter is missing",
        6304 => "parameter not in the model",
        6306 => "wrong type or range: int",
        6307 => "wrong type or range: float",
        6308 => "wrong type or range: bool",
        6309 => "wrong type or range: enum",
        6310 => "wrong type or length: text",
        6311 => "wrong type or range: date",
        6312 => "wrong type: struct",
        6322 => "wrong type or range: double",
        6324 | 6325 | 6328 => "wrong type or size: array",
        6321 => "property could not be looked up",
        6401 => "the sub-device is not in the gateway's topology",
        6402 => "the sub-device is the gateway itself",
        6710 => "no remote config is set",
        6713 => "remote config is switched off",
        6813 => "topic not allowed",
        9200 => "device not activated",
        9201 => "device offline",
        _ => return None,
    })
}

/// The meaning of a code that a device answers with; `None`: not a documented one.
pub(super) fn device_code(code: i64) -> Option<&'static str> {
    Some(match code {
        200 => "success",
        400 => "internal failure",
        429 => "too busy",
        460 => "bad parameters",
        100_000..=110_000 => "the device's own code",
        _ => return None,
    })
}

/// The meaning of an error code in a reply about the device shadow.
pub(super) fn shadow(code: i64) -> Option<&'static str> {
    Some(match code {
        400 => "body is not JSON",
        401 => "method missing",
        402 => "state missing",
        403 => "version is no number",
        404 => "reported missing",
        405 => "reported is empty",
        406 => "unknown method",
        407 => "body is empty",
        408 => "more than 128 reported values",
        409 => "version conflict: it must be above the stored one",
        500 => "failure at the platform",
        _ => return None,
    })
}

/// What a change of a gateway's topology is.
pub(super) fn topology(status: i64) -> Option<&'static str> {
    Some(match status {
        0 => "added",
        1 => "deleted",
        2 => "enabled",
        8 => "disabled",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_mean_what_the_sender_means() {
        for (code, platform, device) in [
            (200, Some("success"), Some("success")),
            (460, Some("bad parameters: empty, malformed or too many"), Some("bad parameters")),
            (400, Some("failure at the platform"), Some("internal failure")),
            (6320, Some("property not in the model"), None),
            (100_000, None, Some("the device's own code")),
            (110_001, None, None),
            (-1, None, None),
        ] {
            assert_eq!(platform_code(code), platform, "{code}");
            assert_eq!(device_code(code), device, "{code}");
        }
    }
}
