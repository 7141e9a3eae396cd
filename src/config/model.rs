//! The product's model of a device: the key `model`, and reading such a file without trusting it.
//!
//! What may not live here: what stands in a model (that is `model`). A model that cannot be read is never a fault of the
//! config: a device works as well without one, so that it is told of and gone on without.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use super::choice;
use super::table::Table;
use crate::model::{self, Kind, Model};
use crate::profile::Cloud;

/// Reads the model of the file `path` in the form of `cloud`. The error names file and place, in words for a person; what it
/// quotes from the file is untrusted text.
pub fn load(path: &Path, cloud: Cloud) -> Result<Model, String> {
    let name = path.display().to_string();
    let Some(kind) = kind(cloud) else {
        return Err(format!("{name}: {} devices have no product model", cloud.word()));
    };
    let bytes = read(path).map_err(|why| format!("{name}: {why}"))?;
    Model::read(&name, &bytes, kind).map_err(|fault| fault.to_string())
}

/// The model of a device whose config names one; `folder` is what a relative path starts from.
pub(super) fn model(device: &Table<'_>, folder: &Path) -> Option<Arc<Model>> {
    device.raw("model")?;
    let file = device.word("model")?;
    // A cloud that is missing or unknown has been told of where the profile is read.
    let named = device.raw("cloud")?.get_ref().as_str()?;
    let (_, cloud) = choice::CLOUDS.iter().find(|(name, _)| *name == named)?;
    if kind(*cloud).is_none() {
        let words = "`model` is a key of huawei, aliyun and ucloud devices: a plain broker knows no product";
        device.report.fault(device.key_place("model"), format!("{}: {words}", device.what));
        return None;
    }
    match load(&folder.join(&file.value), *cloud) {
        Ok(model) => Some(Arc::new(model)),
        Err(why) => {
            device.report.warn(format!("{}: no product model: {why}", device.what));
            None
        }
    }
}

/// The form of a cloud's models; `None`: it has none.
fn kind(cloud: Cloud) -> Option<Kind> {
    match cloud {
        Cloud::Huawei => Some(Kind::Huawei),
        Cloud::Aliyun => Some(Kind::Aliyun),
        Cloud::Ucloud => Some(Kind::Ucloud),
        Cloud::Mqtt => None,
    }
}

/// The bytes of a file, at most one more than a model may have: that one is for the model to refuse.
fn read(path: &Path) -> Result<Vec<u8>, String> {
    let why = |error: std::io::Error| error.to_string();
    // Opening a pipe would wait for somebody to write to it.
    if !fs::metadata(path).map_err(why)?.is_file() {
        return Err("it is no file".to_owned());
    }
    let mut bytes = Vec::new();
    File::open(path).map_err(why)?.take(model::LARGEST as u64 + 1).read_to_end(&mut bytes).map_err(why)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{check, file::Source};

    const TSL: &str = r#"{"properties":[{"identifier":"t","dataType":{"type":"int","specs":{"min":"0","max":"9"}}}]}"#;

    fn config(folder: &Path, devices: &str) -> Result<crate::config::Config, crate::config::ConfigError> {
        let mut source = Source::of_text(devices);
        source.path = folder.join("config.toml");
        check::check(&source)
    }

    fn aliyun(name: &str, model: &str) -> String {
        format!(
            "[[device]]\nname='{name}'\ncloud='aliyun'\nproduct_key='pk'\ndevice_name='{name}'\nregion='cn-shanghai'\n\
             secret='s'\nmodel='{model}'\n"
        )
    }

    #[test]
    fn a_model_is_read_from_beside_the_config() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("tsl.json"), TSL).unwrap();
        let config = config(folder.path(), &aliyun("a", "tsl.json")).unwrap();
        assert_eq!(config.warnings, [""; 0]);
        assert_eq!(config.models["a"].property("t").unwrap().data.describe(), "int 0…9");
    }

    #[test]
    fn a_model_that_cannot_be_read_is_told_with_its_place_and_gone_on_without() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("broken.json"), "{\n  \"properties\": [}\n}").unwrap();
        fs::write(folder.path().join("other.json"), "[]").unwrap();
        fs::File::create(folder.path().join("large")).unwrap().set_len(model::LARGEST as u64 + 1).unwrap();
        fs::create_dir(folder.path().join("folder")).unwrap();
        for (file, words) in [
            ("missing.json", "missing.json: No such file"),
            ("folder", "folder: it is no file"),
            ("broken.json", "broken.json:2:18: is not JSON"),
            ("other.json", "other.json"),
            ("large", "large: is larger than 16 MiB"),
        ] {
            let config = config(folder.path(), &format!("{}{}", aliyun("a", file), aliyun("b", file))).unwrap();
            assert_eq!((config.devices.len(), config.models.len(), config.warnings.len()), (2, 0, 2), "{file}");
            let warning = &config.warnings[0];
            assert!(warning.starts_with("device `a`: no product model: ") && warning.contains(words), "{warning}");
        }
    }

    #[test]
    fn a_plain_broker_has_no_model() {
        let text = "[[device]]\nname='m'\ncloud='mqtt'\nhost='m.example'\nmodel='x.json'\n";
        let error = config(Path::new("/nowhere"), text).unwrap_err().to_string();
        assert!(error.contains("a plain broker knows no product") && error.contains("config.toml:5:1"), "{error}");
        assert!(load(Path::new("x"), Cloud::Mqtt).unwrap_err().contains("have no product model"));
    }
}
