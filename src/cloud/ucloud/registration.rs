//! UCloud's dynamic registration: a login with the product's secret (auth mode 2), and one question for the device's own.

use serde_json::json;

use super::LIMITS;
use super::credentials::{AuthMode, client_id, username};
use crate::cloud::registration::{Declined, Obtained, Question, object, secret};
use crate::cloud::{Advice, Credentials, line, refusal, subscription};
use crate::mqtt::Qos;
use crate::mqtt::packet::ConnectReturn;
use crate::profile::UcloudIdentity;
use crate::secret::Secret;

/// The question's id: it is the only one on its connection.
const REQUEST_ID: &str = "1";

/// What CONNECT carries. The product's secret itself goes over the wire.
pub(in crate::cloud) fn credentials(device: &UcloudIdentity, product_secret: &Secret) -> Credentials {
    let UcloudIdentity { product_sn, device_sn, .. } = device;
    Credentials {
        client_id: client_id(product_sn, device_sn),
        username: Some(username(product_sn, device_sn, AuthMode::Dynamic)),
        password: Some(product_secret.clone()),
        will: None,
    }
}

/// The question for the device's secret.
pub(in crate::cloud) fn question(device: &UcloudIdentity) -> Option<Question> {
    Some(Question {
        answer: subscription(answers(device), Qos::AtLeastOnce)?,
        topic: format!("{}/password", root(device)),
        body: json!({ "RequestID": REQUEST_ID }).to_string(),
    })
}

/// Where the answer comes.
pub(in crate::cloud) fn answers(device: &UcloudIdentity) -> String {
    format!("{}/password_reply", root(device))
}

fn root(device: &UcloudIdentity) -> String {
    format!("/$system/{}/{}", device.product_sn, device.device_sn)
}

/// Reads `{"RetCode":"0","RequestID":"1","Password":"…"}`; the code is a text or a number.
pub(in crate::cloud) fn read(payload: &[u8]) -> Result<Obtained, Declined> {
    let object = object(payload)?;
    match line::code(object.get("RetCode")) {
        Some(0) => {}
        Some(code) => return Err(Declined::told(code, object.get("Message"))),
        None => return Err(Declined::unreadable("it holds no RetCode")),
    }
    let secret = secret(&object, "Password").ok_or_else(|| Declined::unreadable("it holds no Password"))?;
    Ok(Obtained { secret: Some(secret), ..Obtained::default() })
}

/// A refused CONNECT. The documents give no codes of their own for a registration.
pub(in crate::cloud) fn connack(code: ConnectReturn) -> Advice {
    let (reason, hint) = match code {
        ConnectReturn::Accepted => return refusal::accepted(),
        ConnectReturn::UnacceptableProtocolVersion => return refusal::version(LIMITS.cloud),
        ConnectReturn::ServerUnavailable => return refusal::unavailable(LIMITS.cloud),
        ConnectReturn::IdentifierRejected => (
            "UCloud UIoT refuses the client id of the registration",
            "check product_sn and device_sn, and that keep_alive is from 30 to 1200",
        ),
        ConnectReturn::BadUserNameOrPassword | ConnectReturn::NotAuthorized => (
            "UCloud UIoT does not let this device register",
            "check product_secret (the ProductSecret, not a device's own), and that dynamic registration is switched on for the \
             product; an activated device has to be reset in the console first; a product with a list takes listed devices only",
        ),
    };
    Advice { reason: reason.to_owned(), hint: hint.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::SecretSource;

    fn device(product: &str, serial: &str) -> UcloudIdentity {
        UcloudIdentity {
            product_sn: product.to_owned(),
            device_sn: serial.to_owned(),
            secret: SecretSource::Unregistered,
        }
    }

    #[test]
    fn the_vectors_of_dynamic_registration() {
        for (product, serial, secret, id, user) in [
            (
                "70ly1tvowt696r15",
                "112233445566",
                "sqx0cltqba402z7z",
                "70ly1tvowt696r15.112233445566",
                "70ly1tvowt696r15|112233445566|2",
            ),
            (
                "abcd1234efgh5678",
                "sensor_9@lab",
                "prodprodprodprod",
                "abcd1234efgh5678.sensor_9@lab",
                "abcd1234efgh5678|sensor_9@lab|2",
            ),
            (
                "abcd1234efgh5678",
                "imei-860000000000001",
                "prodprodprodprod",
                "abcd1234efgh5678.imei-860000000000001",
                "abcd1234efgh5678|imei-860000000000001|2",
            ),
        ] {
            let connect = credentials(&device(product, serial), &Secret::new(secret));
            assert_eq!(connect.client_id, id);
            assert_eq!(connect.username.as_deref(), Some(user));
            assert_eq!(connect.password.as_ref().map(Secret::reveal), Some(secret));
        }
    }

    #[test]
    fn the_question_and_its_answer_are_the_documents_own() {
        let question = question(&device("p", "d")).unwrap();
        assert_eq!(question.topic, "/$system/p/d/password");
        assert_eq!(question.answer.filter.as_str(), "/$system/p/d/password_reply");
        assert_eq!(question.body, r#"{"RequestID":"1"}"#);
        for answer in [
            r#"{"RetCode":"0","RequestID":"100","Password":"hly3dk1u5y8fq0b9"}"#,
            r#"{"RetCode":0,"RequestID":"1","Password":"hly3dk1u5y8fq0b9"}"#,
        ] {
            let obtained = read(answer.as_bytes()).unwrap();
            assert_eq!(obtained.secret.as_ref().map(Secret::reveal), Some("hly3dk1u5y8fq0b9"));
        }
    }

    #[test]
    fn what_is_no_answer_is_told_without_its_content() {
        for (answer, code, words) in [
            (r#"{"RetCode":"140","Message":"no permission","Password":"hunter2"}"#, Some(140), "no permission"),
            (r#"{"RetCode":171}"#, Some(171), "no more"),
            (r#"{"Password":"hunter2"}"#, None, "RetCode"),
            (r#"{"RetCode":"0","Password":""}"#, None, "Password"),
            (r#"{"RetCode":"0","Password":7}"#, None, "Password"),
            (r#"["hunter2"]"#, None, "no object"),
            ("hunter2", None, "no JSON"),
            ("", None, "no JSON"),
        ] {
            let declined = read(answer.as_bytes()).unwrap_err();
            assert_eq!(declined.code, code, "{answer}");
            let said = declined.to_string();
            assert!(said.contains(words) && !said.contains("hunter2"), "{said}");
        }
    }
}
