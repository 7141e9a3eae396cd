//! From nothing but the product's or the group's secret to a device that is online, at the embedded platform.

use std::time::Duration;

use standin::cloud::registration::Obtained;
use standin::event::LineState;
use standin::profile::{AliyunMethod, Identity, Profile, SecretSource};
use standin::session::registration::{Failure, Kind, register, way};
use standin::session::{self, Journal, clock};
use standin::sim::{
    ALIYUN_PRODUCT_SECRET, HUAWEI_GROUP_SECRET, HUAWEI_SCOPE_ID, Options, Platform, UCLOUD_PRODUCT_SECRET,
};
use standin::timeline::{Budget, Timeline};
use tempfile::tempdir;
use tokio::time::timeout;

use super::{aliyun, bootstrap, huawei, profile, ucloud};

const PATIENCE: Duration = Duration::from_secs(30);

async fn registered(profile: &Profile, method: Option<AliyunMethod>) -> Result<Obtained, Failure> {
    let method = way(profile, method)?;
    timeout(PATIENCE, register(profile, method)).await.expect("no end of the registration")
}

/// How a session of the device comes out: `online`, or the code with which it stays offline.
async fn signs_in(profile: Profile) -> String {
    let (journal, mut follower) = Journal::followed(Timeline::new(Budget::default(), clock::now()));
    let handle = session::start(profile, &journal);
    let mut end = None;
    let waiting = async {
        while end.is_none() {
            follower
                .next(64, |event| {
                    if let standin::event::Kind::State(change) = &event.kind {
                        end = match change.state {
                            LineState::Online => Some("online".to_owned()),
                            LineState::Offline | LineState::Backoff => Some(format!(
                                "{}: {}",
                                change.code.unwrap_or_default(),
                                change.hint.unwrap_or_default()
                            )),
                            LineState::Connecting => None,
                        };
                    }
                })
                .await;
        }
    };
    timeout(PATIENCE, waiting).await.expect("no end of the attempt");
    handle.leave().await;
    end.unwrap()
}

/// The profile, signing in with what was obtained.
fn with_secret(mut profile: Profile, obtained: &Obtained) -> Profile {
    let secret =
        obtained.secret.clone().or_else(|| obtained.token.as_ref().map(standin::cloud::registration::Token::to_json));
    let source = SecretSource::Inline(secret.expect("a secret or a token"));
    match &mut profile.identity {
        Identity::Huawei(device) => device.secret = Some(source),
        Identity::Aliyun(device) => {
            device.is_token = obtained.token.is_some();
            device.secret = source;
        }
        Identity::Ucloud(device) => device.secret = source,
        Identity::Mqtt(_) => panic!("a plain broker registers nobody"),
    }
    profile
}

#[tokio::test]
async fn a_device_of_aliyun_gets_its_secret_by_https_and_by_mqtt_and_signs_in_with_it() {
    let platform = Platform::start(Options::default()).unwrap();
    let folder = tempdir().unwrap();
    let keys = format!("product_secret = '{ALIYUN_PRODUCT_SECRET}'\ninstance_id = 'iot-060a0001'");
    let device = profile(folder.path(), &aliyun(&platform, "lamp", "lamp-01", &keys));
    let first = registered(&device, None).await.unwrap();
    let second = registered(&device, Some(AliyunMethod::Mqtt)).await.unwrap();
    assert_ne!(first.secret, second.secret, "each registration gives a new one");
    assert!(signs_in(with_secret(device.clone(), &first)).await.starts_with("connack-4"), "the last one counts");
    assert_eq!(signs_in(with_secret(device.clone(), &second)).await, "online");
    // It has signed in: no more.
    let no = registered(&device, None).await.unwrap_err();
    assert_eq!(no.kind, Kind::Declined);
    assert!(no.reason.contains("6289") && no.reason.contains("already activated"), "{no:?}");
    let no = registered(&device, Some(AliyunMethod::Mqtt)).await.unwrap_err();
    assert_eq!(no.kind, Kind::Line);
    assert!(no.reason.contains("CONNACK 5") && no.hint.contains("reset"), "{no:?}");
}

#[tokio::test]
async fn a_device_that_aliyun_makes_signs_in_with_its_token() {
    let platform = Platform::start(Options::default()).unwrap();
    let folder = tempdir().unwrap();
    for (device_name, mode) in [("made-1", -2), ("made-2", 2)] {
        let keys = format!(
            "product_secret = '{ALIYUN_PRODUCT_SECRET}'\nregister = 'mqtt-unregistered'\nregister_secure_mode = {mode}"
        );
        let device = profile(folder.path(), &aliyun(&platform, device_name, device_name, &keys));
        let obtained = registered(&device, None).await.unwrap();
        assert_eq!(obtained.secret, None);
        let mut wrong = with_secret(device.clone(), &obtained);
        if let Identity::Aliyun(device) = &mut wrong.identity {
            device.is_token = false;
        }
        assert!(signs_in(wrong).await.starts_with("connack-4"), "a token is no secret");
        assert_eq!(signs_in(with_secret(device, &obtained)).await, "online");
    }
}

#[tokio::test]
async fn a_device_of_ucloud_gets_its_secret_once() {
    let platform = Platform::start(Options::default()).unwrap();
    let folder = tempdir().unwrap();
    let device =
        profile(folder.path(), &ucloud(&platform, "meter", &format!("product_secret = '{UCLOUD_PRODUCT_SECRET}'")));
    let obtained = registered(&device, None).await.unwrap();
    assert_eq!(signs_in(with_secret(device.clone(), &obtained)).await, "online");
    let no = registered(&device, None).await.unwrap_err();
    assert_eq!(no.kind, Kind::Declined);
    assert!(no.reason.contains("140"), "{no:?}");
    let no = registered(&device, Some(AliyunMethod::Https)).await.unwrap_err();
    assert_eq!(no.kind, Kind::Usage);
}

#[tokio::test]
async fn a_device_of_huaweis_group_gets_its_address_and_a_secret() {
    let platform = Platform::start(Options::default()).unwrap();
    let folder = tempdir().unwrap();
    let keys = format!(", scope_id = '{HUAWEI_SCOPE_ID}', group_secret = '{HUAWEI_GROUP_SECRET}'");
    let device = profile(folder.path(), &huawei("new", "prod_new-1", &bootstrap(&platform, &keys)));
    assert!(device.endpoint.host.is_empty(), "nobody knows it yet");
    let obtained = registered(&device, None).await.unwrap();
    let address = obtained.address.clone().unwrap();
    assert_eq!(address, super::door(&platform));
    let mut there = with_secret(device, &obtained);
    let (host, port) = address.rsplit_once(':').unwrap();
    (there.endpoint.host, there.endpoint.port) = (host.to_owned(), port.parse().unwrap());
    there.endpoint.path = "/huawei/mqtt".to_owned();
    assert_eq!(signs_in(there).await, "online");
}

#[tokio::test]
async fn a_registered_device_of_huawei_asks_with_its_own_secret() {
    let platform = Platform::start(Options::default()).unwrap();
    let folder = tempdir().unwrap();
    let keys = format!("secret = '12345678'\n{}", bootstrap(&platform, ""));
    let device = profile(folder.path(), &huawei("smoke", "65f0c0de_dev01", &keys));
    let obtained = registered(&device, None).await.unwrap();
    assert_eq!(obtained.address, Some(super::door(&platform)));
    assert_eq!(obtained.secret, None);
}

#[tokio::test]
async fn a_session_says_how_its_device_gets_registered_and_tries_no_more() {
    let platform = Platform::start(Options::default()).unwrap();
    let folder = tempdir().unwrap();
    let group = format!(", scope_id = '{HUAWEI_SCOPE_ID}', group_secret = '{HUAWEI_GROUP_SECRET}'");
    for text in [
        aliyun(&platform, "new-1", "lamp-01", "product_secret = 'x'"),
        ucloud(&platform, "new-1", "product_secret = 'prodprodprodprod'"),
        huawei("new-1", "p_n", &bootstrap(&platform, &group)),
    ] {
        let said = signs_in(profile(folder.path(), &text)).await;
        assert!(said.starts_with("unregistered: standin register new-1 --out FILE"), "{said}");
    }
    let absent = folder.path().join("absent");
    let keys = format!("product_secret = 'x'\nsecret = {{ file = '{}' }}", absent.display());
    let said = signs_in(profile(folder.path(), &aliyun(&platform, "new-1", "lamp-01", &keys))).await;
    assert!(said.starts_with("secret: standin register new-1"), "{said}");
}
