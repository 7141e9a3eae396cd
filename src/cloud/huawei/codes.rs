//! The meaning of the platform's error codes.
//!
//! Source: IoTDA's list of error codes, as far as a device's engineer meets them.

/// What `code` (`IOTDA.014016`) means, in a few words; `None` where it is not known here.
pub(super) fn words(code: &str) -> Option<&'static str> {
    Some(match code {
        "IOTDA.000002" => "authentication failed",
        "IOTDA.000004" => "invalid token",
        "IOTDA.000006" => "invalid input",
        "IOTDA.014016" => "the device is not online",
        "IOTDA.014111" => "the request timed out",
        "IOTDA.014112" => "the device has not subscribed to the topic",
        "IOTDA.021101" => "too many messages of this device",
        "IOTDA.021102" => "too many messages of this tenant",
        "IOTDA.021104" => "not a sub-device of this gateway",
        "IOTDA.021105" => "the message is larger than 1 MB",
        _ => return None,
    })
}
