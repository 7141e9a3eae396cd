//! What goes over the wire, held against the documents by servers that know nothing of this program.

use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use standin::cloud::registration::Obtained;
use standin::profile::{AliyunMethod, Profile};
use standin::secret::Secret;
use standin::session::registration::{Failure, Kind, register, way};
use tempfile::tempdir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use super::scripted::{accept, connack, grant, head, heard, hello, listen, packet, say};
use super::support::authority::{Authority, accept_tls};
use super::{huawei, profile};

const PATIENCE: Duration = Duration::from_secs(30);

/// Registers by `method` while `server` plays the platform.
async fn against<S>(
    profile: &Profile,
    method: Option<AliyunMethod>,
    server: impl Future<Output = S>,
) -> (Result<Obtained, Failure>, S) {
    let method = way(profile, method).unwrap();
    timeout(PATIENCE, async { tokio::join!(register(profile, method), server) }).await.expect("no end")
}

/// HMAC-SHA256 in hexadecimal, made here and not there.
fn hmac(key: &str, message: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(message.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

fn revealed(secret: Option<&Secret>) -> Option<&str> {
    secret.map(Secret::reveal)
}

fn aliyun(authority: &Authority, port: u16, keys: &str) -> String {
    format!(
        "[[device]]\nname = 'a'\ncloud = 'aliyun'\nproduct_key = 'pk'\ndevice_name = 'device'\nclient_id = '12345'\n\
         host = '127.0.0.1'\nport = {port}\ntransport = 'mqtts'\nconnect_timeout = 15\nca_file = '{}'\n\
         product_secret = 'prodsecret'\n{keys}\n",
        authority.ca_file().display()
    )
}

/// The nonce of an Aliyun client id, with the id as it would be with `R` in its place.
fn nonce(client_id: &str) -> (String, String) {
    let random = client_id.split("random=").nth(1).unwrap().split(',').next().unwrap();
    assert!(random.len() >= 8 && random.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{random}");
    (random.to_owned(), client_id.replace(random, "R"))
}

#[tokio::test]
async fn aliyuns_connect_is_the_documents_own_and_either_push_is_taken() {
    let authority = Authority::new();
    let acceptor = authority.good().acceptor();
    let folder = tempdir().unwrap();
    let mut nonces = Vec::new();
    for (keys, method, expected, topic, push) in [
        (
            "register = 'mqtt'",
            None,
            "12345|securemode=2,authType=register,random=R,signmethod=hmacsha256|",
            "/ext/register",
            r#"{"productKey":"pk","deviceName":"device","deviceSecret":"given"}"#,
        ),
        (
            "register = 'mqtt'\ninstance_id = 'iot-060a0001'",
            Some(AliyunMethod::MqttUnregistered),
            "12345|securemode=-2,authType=regnwl,random=R,signmethod=hmacsha256,instanceId=iot-060a0001|",
            "/ext/regnwl",
            r#"{"productKey":"pk","deviceName":"device","clientId":"made","deviceToken":"given"}"#,
        ),
    ] {
        let (listener, port) = listen().await;
        let device = profile(folder.path(), &aliyun(&authority, port, keys));
        let server = async {
            let mut stream = accept_tls(&acceptor, accept(&listener).await).await.unwrap();
            let hello = hello(&mut stream).await;
            connack(&mut stream, 0).await;
            say(&mut stream, topic, push).await;
            assert_eq!(packet(&mut stream).await.0, 0xe0, "DISCONNECT, and no SUBSCRIBE before it");
            hello
        };
        let (obtained, hello) = against(&device, method, server).await;
        let (random, client_id) = nonce(&hello.client_id);
        assert_eq!(client_id, expected);
        assert_eq!((hello.username.as_str(), hello.keep_alive, hello.flags), ("device&pk", 300, 0xc2));
        let content = format!("deviceNamedeviceproductKeypkrandom{random}");
        assert_eq!(hello.password, Some(hmac("prodsecret", &content)));
        let obtained = obtained.unwrap();
        let token = obtained.token.as_ref().map(|token| &token.device_token);
        assert_eq!(revealed(obtained.secret.as_ref().or(token)), Some("given"));
        nonces.push(random);
    }
    assert_ne!(nonces[0], nonces[1]);
}

#[tokio::test]
async fn refusals_and_silence_are_told_in_words() {
    let authority = Authority::new();
    let acceptor = authority.good().acceptor();
    let folder = tempdir().unwrap();
    // CONNACK's code; then either a push or the end of the connection.
    for (code, push, kind, words) in [
        (2, None, Kind::Line, "by TLS (CONNACK 2)"),
        (3, None, Kind::Line, "unavailable (CONNACK 3)"),
        (4, None, Kind::Line, "signature (CONNACK 4)"),
        (0, None, Kind::Line, "gave nothing"),
        (0, Some(r#"{"code":6288,"message":"closed"}"#), Kind::Declined, "code 6288: closed"),
        (0, Some("hunter2"), Kind::Declined, "no JSON"),
    ] {
        let (listener, port) = listen().await;
        let device = profile(folder.path(), &aliyun(&authority, port, "register = 'mqtt'"));
        let server = async {
            let mut stream = accept_tls(&acceptor, accept(&listener).await).await.unwrap();
            hello(&mut stream).await;
            connack(&mut stream, code).await;
            if let Some(push) = push {
                say(&mut stream, "/ext/register", push).await;
            }
            stream.shutdown().await.unwrap();
        };
        let (result, ()) = against(&device, None, server).await;
        let failure = result.unwrap_err();
        assert_eq!(failure.kind, kind, "{failure:?}");
        assert!(failure.reason.contains(words), "{failure:?}");
        assert!(!failure.hint.is_empty() && !format!("{failure:?}").contains("hunter2"), "{failure:?}");
    }
}

#[tokio::test]
async fn ucloud_is_asked_as_its_documents_have_it() {
    let folder = tempdir().unwrap();
    let config = |port: u16| {
        format!(
            "[[device]]\nname = 'u'\ncloud = 'ucloud'\nhost = '127.0.0.1'\nport = {port}\ntransport = 'mqtt'\n\
             product_sn = '70ly1tvowt696r15'\ndevice_sn = '112233445566'\nproduct_secret = 'sqx0cltqba402z7z'\n"
        )
    };
    for (granted, answer, expected) in [
        (1, r#"{"RetCode":"0","RequestID":"1","Password":"given"}"#, Ok("given")),
        (0, r#"{"RetCode":171,"Message":"signature"}"#, Err("code 171: signature")),
        (0x80, "", Err("refuses the subscription")),
    ] {
        let (listener, port) = listen().await;
        let device = profile(folder.path(), &config(port));
        let server = async {
            let mut stream = accept(&listener).await;
            let hello = hello(&mut stream).await;
            connack(&mut stream, 0).await;
            assert_eq!(
                (hello.client_id.as_str(), hello.username.as_str(), hello.password.as_deref()),
                ("70ly1tvowt696r15.112233445566", "70ly1tvowt696r15|112233445566|2", Some("sqx0cltqba402z7z"))
            );
            let (filter, _) = grant(&mut stream, granted).await;
            assert_eq!(filter, "/$system/70ly1tvowt696r15/112233445566/password_reply");
            if granted == 0x80 {
                return;
            }
            let (topic, body) = heard(&mut stream).await;
            assert_eq!(topic, "/$system/70ly1tvowt696r15/112233445566/password");
            assert_eq!(body, r#"{"RequestID":"1"}"#);
            say(&mut stream, &filter, answer).await;
            assert_eq!(packet(&mut stream).await.0, 0xe0, "DISCONNECT");
        };
        let (result, ()) = against(&device, None, server).await;
        match (result, expected) {
            (Ok(obtained), Ok(secret)) => assert_eq!(revealed(obtained.secret.as_ref()), Some(secret)),
            (Err(failure), Err(words)) => assert!(failure.reason.contains(words), "{failure:?}"),
            (result, expected) => panic!("{result:?}, and not {expected:?}"),
        }
    }
}

/// The derived secret is the constant of the documents' vector; the hour is the one that the client id names.
#[tokio::test]
async fn huawei_is_asked_by_secret_and_by_certificate() {
    let authority = Authority::new();
    let (good, folder) = (authority.good(), tempdir().unwrap());
    let (cert, key) = authority.files(&authority.good());
    let certificate = format!("cert_file = '{}'\nkey_file = '{}'\n", cert.display(), key.display());
    let derived = "214c7daca36937b3cb09062faa9168f0c3b195a19e936eb5d73e58b1264877c1";
    for (keys, bootstrap, acceptor, by_secret, question) in [
        ("", ", group_secret = 'Z3JvdXAtc2VjcmV0LTAwMDE='", good.acceptor(), true, ""),
        (
            certificate.as_str(),
            ", keyword = 'east'",
            authority.demanding(&good),
            false,
            r#"{"baseStrategyKeyword":"east"}"#,
        ),
    ] {
        let (listener, port) = listen().await;
        let keys = format!(
            "{keys}ca_file = '{}'\nbootstrap = {{ host = '127.0.0.1', port = {port}, scope_id = 'ff5bbx7a488f'{bootstrap} }}",
            authority.ca_file().display()
        );
        let device = profile(folder.path(), &huawei("h", "dev01", &keys));
        let server = async {
            let mut stream = accept_tls(&acceptor, accept(&listener).await).await.unwrap();
            let shown = stream.get_ref().1.peer_certificates().is_some();
            let hello = hello(&mut stream).await;
            connack(&mut stream, 0).await;
            assert_eq!(grant(&mut stream, 0).await, ("$oc/devices/dev01/sys/bootstrap/down".to_owned(), 0));
            assert_eq!(
                heard(&mut stream).await,
                ("$oc/devices/dev01/sys/bootstrap/up".to_owned(), question.to_owned())
            );
            let answer = r#"{"address":"iot.example:8883","deviceSecret":"given","initConfig":{"a":1}}"#;
            say(&mut stream, "$oc/devices/dev01/sys/bootstrap/down", answer).await;
            assert_eq!(packet(&mut stream).await.0, 0xe0, "DISCONNECT");
            (hello, shown)
        };
        let (obtained, (hello, shown)) = against(&device, None, server).await;
        assert_eq!(hello.username, "dev01");
        if by_secret {
            let hour = hello.client_id.strip_prefix("dev01_0_ff5bbx7a488f_0_").unwrap();
            assert!(hour.len() == 10 && hour.bytes().all(|byte| byte.is_ascii_digit()), "{hour}");
            assert_eq!(hello.password, Some(hmac(hour, derived)));
        } else {
            assert_eq!((hello.client_id.as_str(), hello.password, shown), ("dev01_0_ff5bbx7a488f", None, true));
        }
        let obtained = obtained.unwrap();
        assert_eq!(obtained.address.as_deref(), Some("iot.example:8883"));
        assert_eq!(revealed(obtained.secret.as_ref()), Some("given"));
        assert_eq!(revealed(obtained.init_config.as_ref()), Some(r#"{"a":1}"#));
    }
}

/// By a proxy, to a server that the device's own root vouches for, with an answer in chunks.
#[tokio::test]
async fn https_posts_the_documents_form_through_the_proxy() {
    let authority = Authority::new();
    let acceptor = authority.good().acceptor();
    let folder = tempdir().unwrap();
    let body =
        r#"{"code":200,"data":{"productKey":"pk","deviceName":"device","deviceSecret":"given"},"message":"success"}"#;
    let (front, back) = body.split_at(40);
    let good = format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{front}\r\n{:x}\r\n{back}\r\n0\r\n\r\n",
        front.len(),
        back.len()
    );
    let body = r#"{"code":6289,"message":"active","data":"hunter2"}"#;
    let no = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let odd = "HTTP/1.1 503 Busy\r\nContent-Length: 7\r\n\r\nhunter2";
    for (answer, expected) in [
        (good.as_str(), Ok("given")),
        (no.as_str(), Err((Kind::Declined, "code 6289: active"))),
        (odd, Err((Kind::Line, "status 503 Busy"))),
        ("SSH-2.0\r\n\r\n", Err((Kind::Line, "HTTP/1.1"))),
        ("", Err((Kind::Line, "closed"))),
    ] {
        let (listener, port) = listen().await;
        let keys = format!("register_host = 'localhost:8443'\nproxy = 'http://me:pass@127.0.0.1:{port}'");
        let device = profile(folder.path(), &aliyun(&authority, 1, &keys));
        let server = async {
            let mut tcp = accept(&listener).await;
            let asked = head(&mut tcp).await;
            assert!(asked.starts_with("CONNECT localhost:8443 HTTP/1.1\r\n"), "{asked}");
            assert!(asked.contains("Proxy-Authorization: Basic bWU6cGFzcw=="), "{asked}");
            tcp.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            let mut stream = accept_tls(&acceptor, tcp).await.unwrap();
            let request = head(&mut stream).await;
            let length = request.split("Content-Length: ").nth(1).unwrap().split("\r\n").next().unwrap();
            let mut body = vec![0; length.parse().unwrap()];
            stream.read_exact(&mut body).await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
            (request, String::from_utf8(body).unwrap())
        };
        let (result, (request, body)) = against(&device, None, server).await;
        assert!(request.starts_with("POST /auth/register/device HTTP/1.1\r\nHost: localhost:8443\r\n"), "{request}");
        assert!(request.contains("\r\nContent-Type: application/x-www-form-urlencoded\r\n"), "{request}");
        let random = body.strip_prefix("productKey=pk&deviceName=device&random=").unwrap().split('&').next().unwrap();
        let sign = hmac("prodsecret", &format!("deviceNamedeviceproductKeypkrandom{random}"));
        assert_eq!(body, format!("productKey=pk&deviceName=device&random={random}&sign={sign}&signMethod=hmacsha256"));
        match (result, expected) {
            (Ok(obtained), Ok(secret)) => assert_eq!(revealed(obtained.secret.as_ref()), Some(secret)),
            (Err(failure), Err((kind, words))) => {
                assert_eq!(failure.kind, kind, "{failure:?}");
                assert!(failure.reason.contains(words), "{failure:?}");
                assert!(!format!("{failure:?}").contains("hunter2"), "{failure:?}");
            }
            (result, expected) => panic!("{result:?}, and not {expected:?}"),
        }
    }
}

#[tokio::test]
async fn a_server_that_nobody_vouches_for_gets_no_form() {
    let (trusted, other) = (Authority::new(), Authority::new());
    let acceptor = other.good().acceptor();
    let folder = tempdir().unwrap();
    let (listener, port) = listen().await;
    let device = profile(folder.path(), &aliyun(&trusted, 1, &format!("register_host = '127.0.0.1:{port}'")));
    let server = async { accept_tls(&acceptor, accept(&listener).await).await.is_some() };
    let (result, taken) = against(&device, None, server).await;
    assert!(!taken);
    let failure = result.unwrap_err();
    assert_eq!(failure.kind, Kind::Line);
    assert!(failure.hint.contains("ca_file"), "{failure:?}");
}
