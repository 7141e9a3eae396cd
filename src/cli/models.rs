//! The product models of the demo's devices, so that the composer has its forms there.

use std::collections::BTreeMap;
use std::io::{Cursor, Write as _};
use std::sync::Arc;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::model::{Kind, Model};
use crate::profile::{Cloud, Profile};
use crate::sim;

/// The files of the smoke detector's profile, as Huawei's console exports them.
const PROFILE: [(&str, &str); 2] = [
    ("profile/devicetype-capability.json", include_str!("models/device.json")),
    ("service/smokeDetector/profile/servicetype-capability.json", include_str!("models/smoke-detector.json")),
];

/// The models of the demo's devices, by their names.
pub(super) fn demo(devices: &[Profile]) -> BTreeMap<String, Arc<Model>> {
    let model = |device: &Profile| Some((device.name.clone(), Arc::new(model(device.identity.cloud())?)));
    devices.iter().filter_map(model).collect()
}

/// The model of the product that the embedded platform has for a cloud. That it can be read holds for each build alike.
fn model(cloud: Cloud) -> Option<Model> {
    let text = || sim::product_model(cloud).map(|model| model.to_string().into_bytes());
    let (kind, bytes) = match cloud {
        Cloud::Huawei => (Kind::Huawei, archive()?),
        Cloud::Aliyun => (Kind::Aliyun, text()?),
        Cloud::Ucloud => (Kind::Ucloud, text()?),
        Cloud::Mqtt => return None,
    };
    Model::read("the demo's model", &bytes, kind).ok()
}

/// The smoke detector's profile as an archive; writing to memory does not fail.
fn archive() -> Option<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let plain = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, text) in PROFILE {
        archive.start_file(name, plain).ok()?;
        archive.write_all(text.as_bytes()).ok()?;
    }
    archive.finish().ok().map(Cursor::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::modelled::{Said, findings, form};
    use crate::cloud::platform;

    /// What the demo sends by itself and what is composed there fits the models, and there is a form for it.
    #[tokio::test]
    async fn the_demos_devices_have_models_that_fit_what_they_send() {
        let platform_of_demo = sim::Platform::start(sim::Options::default()).unwrap();
        let profiles = platform_of_demo.profiles();
        let models = demo(&profiles);
        assert_eq!(models.len(), 3);
        for profile in profiles.iter().filter(|profile| profile.identity.cloud() != Cloud::Mqtt) {
            let (platform, model) = (platform(profile), &models[&profile.name]);
            let drafts = platform.model_drafts(model, 1);
            assert!(drafts.len() >= 2, "{}", profile.name);
            let own = platform.drafts(1).into_iter().find(|draft| draft.label == "property report").unwrap();
            for draft in drafts.iter().chain([&own]) {
                let said = Said { topic: &draft.topic, body: &draft.body, asked: None };
                assert_eq!(findings(&*platform, model, &said), [], "{}: {}", profile.name, draft.label);
                assert!(!form(&*platform, model, &said).is_empty(), "{}: {}", profile.name, draft.label);
            }
        }
    }
}
