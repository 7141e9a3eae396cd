//! A gateway's `[[device.sub_device]]` tables: the devices behind it, with the secrets that its messages for them are signed
//! with.

use std::path::Path;

use super::table::Table;
use super::{choice, values};
use crate::profile::{Cloud, SignMethod, SubDevice};

/// The keys of a sub-device.
const KEYS: [&str; 5] = ["product_key", "device_name", "secret", "client_id", "sign_method"];

/// The sub-devices of a device, in the file's order.
pub(super) fn sub_devices(device: &Table<'_>, cloud: Cloud, folder: &Path) -> Vec<SubDevice> {
    let mut all: Vec<SubDevice> = Vec::new();
    // On another cloud the key itself is a fault, which has been told of.
    if cloud != Cloud::Aliyun {
        return all;
    }
    let gateway_key = device.raw("product_key").and_then(|_| device.word("product_key")).map(|key| key.value);
    for table in device.tables("sub_device", "a sub-device") {
        table.refuse_unknown(&KEYS);
        let Some(found) = sub_device(&table, gateway_key.as_deref(), folder) else { continue };
        if all.iter().any(|other| (&other.product_key, &other.device_name) == (&found.product_key, &found.device_name))
        {
            let message = format!("{} has two sub-devices called `{}`", device.what, found.device_name);
            table.report.fault(table.key_place("device_name"), message);
        }
        all.push(found);
    }
    all
}

/// One of them; without a product's key of its own it is of the gateway's product.
fn sub_device(table: &Table<'_>, gateway_key: Option<&str>, folder: &Path) -> Option<SubDevice> {
    let product_key = match table.raw("product_key") {
        Some(_) => table.word("product_key").map(|key| key.value),
        None => gateway_key.map(str::to_owned),
    };
    for (key, why) in [
        ("device_name", "its name, DeviceName in the console"),
        ("secret", "its DeviceSecret: the text, or its source: { env = … }, { file = … } or { command = [ … ] }"),
    ] {
        if table.raw(key).is_none() {
            table.missing(key, why);
        }
    }
    let device_name = table.word("device_name").map(|name| name.value);
    let secret = values::secret(table, "secret", folder);
    let client_id = match table.raw("client_id") {
        Some(_) => table.word("client_id").map(|id| Some(id.value)),
        None => Some(None),
    };
    let sign_method = match table.raw("sign_method") {
        Some(_) => table.choice("sign_method", &choice::SIGN_METHODS).map(|method| method.value),
        None => Some(SignMethod::default()),
    };
    let (product_key, device_name) = (product_key?, device_name?);
    // What the documents suggest.
    let client_id = client_id?.unwrap_or_else(|| format!("{product_key}&{device_name}"));
    Some(SubDevice { product_key, device_name, client_id, sign_method: sign_method?, secret: secret? })
}
