//! Where the platform listens, and the way there: host or URL, transport, port, path, TLS files, proxy.

use std::path::Path;

use super::authority::{self, Url};
use super::choice;
use super::table::{At, Table};
use crate::cloud::defaults;
use crate::profile::{Cloud, Endpoint, Proxy, ProxyKind, Tls, Transport};

/// Where the platform listens.
pub(super) fn endpoint(device: &Table<'_>, cloud: Cloud) -> Option<Endpoint> {
    let subprotocol = subprotocol(device);
    let place = if device.raw("url").is_some() && cloud == Cloud::Mqtt {
        refuse_beside_url(device);
        from_url(device)?
    } else {
        from_parts(device, cloud)?
    };
    Some(Endpoint { subprotocol, ..place })
}

fn from_parts(device: &Table<'_>, cloud: Cloud) -> Option<Endpoint> {
    // All are read before any absence ends the function, so that every fault is told.
    let transport = transport(device, cloud);
    let host = host(device, cloud);
    let port = device.integer("port", 1, 65_535);
    let path = path(device);
    let transport = transport?;
    let port = match port {
        Some(port) => u16::try_from(port.value).ok()?,
        None if device.raw("port").is_some() => return None,
        None => defaults::port(cloud, transport)?,
    };
    if path.is_some() && !transport.is_websocket() {
        let scheme = transport.scheme();
        device.report.warn(format!("{}: `path` has no use with transport = \"{scheme}\"", device.what));
    }
    let path = path.map_or_else(|| defaults::path(cloud).to_owned(), |path| path.value);
    Some(Endpoint { transport, host: host?, port, path, subprotocol: None })
}

fn transport(device: &Table<'_>, cloud: Cloud) -> Option<Transport> {
    if device.raw("transport").is_none() {
        return Some(Transport::default());
    }
    let transport = device.choice("transport", &choice::TRANSPORTS)?;
    if defaults::port(cloud, transport.value).is_none() {
        let there: Vec<&str> = defaults::transports(cloud).map(Transport::scheme).collect();
        let (scheme, cloud) = (transport.value.scheme(), cloud.word());
        let message = format!("{}: {cloud} has no {scheme}; it has {}", device.what, there.join(", "));
        device.report.fault(transport.at, message);
        return None;
    }
    Some(transport.value)
}

fn host(device: &Table<'_>, cloud: Cloud) -> Option<String> {
    if device.raw("host").is_some() {
        let host = device.text("host")?;
        return authority::host(&host.value)
            .map_err(|words| device.report.fault(host.at, format!("`host` of {} {words}", device.what)))
            .ok();
    }
    let why = match cloud {
        Cloud::Aliyun => {
            if let Some(region) = device.word("region") {
                let key = device.text("product_key")?;
                return Some(defaults::aliyun_host(&key.value, &region.value));
            }
            if device.raw("region").is_none() {
                device.missing("region", "such as \"cn-shanghai\"; or give `host`, as the instance's console shows it");
            }
            return None;
        }
        // The provisioning service tells it.
        Cloud::Huawei if device.raw("bootstrap").is_some() => return Some(String::new()),
        Cloud::Huawei => "the instance's address, as IoTDA's console shows it",
        Cloud::Ucloud => "such as \"mqtt-cn-sh2.iot.ucloud.cn\"",
        Cloud::Mqtt => "the broker's name; or give `url`",
    };
    device.missing("host", why);
    None
}

pub(super) fn path(device: &Table<'_>) -> Option<At<String>> {
    let path = device.text("path")?;
    if fit_for_a_request(&path.value) {
        return Some(path);
    }
    device.fault_at(path.at, "path", "a path that starts with / and holds no blanks and no #");
    None
}

/// Host and port as one text, `host` or `host:port`; the error completes the sentence "`key` …".
pub(super) fn host_and_port(text: &str, usual: u16) -> Result<(String, u16), String> {
    let (name, port) = authority::split_port(text)?;
    Ok((authority::host(name)?, port.unwrap_or(usual)))
}

/// Whether a text can stand in the first line of an HTTP request.
fn fit_for_a_request(path: &str) -> bool {
    path.starts_with('/') && path.chars().all(|c| c.is_ascii_graphic() && c != '#')
}

fn subprotocol(device: &Table<'_>) -> Option<String> {
    if device.raw("subprotocol").is_none() {
        return Some("mqtt".to_owned());
    }
    let word = device.text("subprotocol")?;
    // RFC 6455 section 4.1: a token of HTTP.
    if !word.value.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)) {
        device.fault_at(word.at, "subprotocol", "a word such as \"mqtt\", or \"\" for none");
        return None;
    }
    Some(word.value).filter(|word| !word.is_empty())
}

fn refuse_beside_url(device: &Table<'_>) {
    for key in ["host", "transport", "port", "path"] {
        if device.raw(key).is_some() {
            let message = format!("{} has both `url` and `{key}`; the URL says it all: leave one out", device.what);
            device.report.fault(device.key_place(key), message);
        }
    }
}

fn from_url(device: &Table<'_>) -> Option<Endpoint> {
    let text = device.word("url")?;
    let fault = |words: &str| device.report.fault(text.at.clone(), format!("`url` of {} {words}", device.what));
    // What is wrong has been told.
    let url = Url::parse(&text.value).map_err(|words| fault(&words)).ok()?;
    if url.login.is_some() {
        device.report.secret_found();
        fault("must not hold a login, which would be shown wherever the URL is; use `username` and `password`");
        return None;
    }
    let Some((_, transport)) = choice::TRANSPORTS.iter().find(|(name, _)| *name == url.scheme) else {
        fault("must start with wss://, ws://, mqtts:// or mqtt://");
        return None;
    };
    let path = match url.path {
        "" => if transport.is_websocket() { "/" } else { defaults::path(Cloud::Mqtt) }.to_owned(),
        query if query.starts_with('?') => format!("/{query}"),
        path => path.to_owned(),
    };
    if !fit_for_a_request(&path) {
        fault("must have a path of visible ASCII characters; write others as %XX");
        return None;
    }
    if !transport.is_websocket() && !url.path.trim_matches('/').is_empty() {
        device.report.warn(format!("{}: the path of `url` has no use with {}", device.what, transport.scheme()));
    }
    let port = url.port.or_else(|| defaults::port(Cloud::Mqtt, *transport))?;
    Some(Endpoint { transport: *transport, host: url.host, port, path, subprotocol: None })
}

/// Whom to trust and how to prove oneself.
pub(super) fn tls(device: &Table<'_>, folder: &Path) -> Tls {
    let file = |key| device.word(key).map(|path| folder.join(path.value));
    let ca_file = file("ca_file");
    let (certificate, key) = (file("cert_file"), file("key_file"));
    for (there, absent) in [("cert_file", "key_file"), ("key_file", "cert_file")] {
        if device.raw(there).is_some() && device.raw(absent).is_none() {
            let message = format!("{} has `{there}` without `{absent}`: a client certificate needs both", device.what);
            device.report.fault(device.key_place(there), message);
        }
    }
    Tls { ca_file, identity: certificate.zip(key) }
}

/// The proxy.
pub(super) fn proxy(device: &Table<'_>) -> Option<Proxy> {
    let text = device.word("proxy")?;
    let fault = |words: &str| device.report.fault(text.at.clone(), format!("`proxy` of {} {words}", device.what));
    // What is wrong has been told.
    let url = Url::parse(&text.value).map_err(|words| fault(&words)).ok()?;
    if url.login.is_some() {
        device.report.secret_found();
    }
    let kind = match url.scheme {
        "http" => ProxyKind::Http,
        // curl's name for SOCKS5 where the proxy resolves the name, which it always does here.
        "socks5" | "socks5h" => ProxyKind::Socks5,
        _ => {
            fault("must start with http:// or socks5://");
            return None;
        }
    };
    if !url.path.trim_matches('/').is_empty() {
        fault("must have no path");
        return None;
    }
    let Some(port) = url.port else {
        fault("must name the port, such as http://10.0.0.1:3128");
        return None;
    };
    Some(Proxy { kind, host: url.host, port, login: url.login })
}
