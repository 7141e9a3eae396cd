//! Masks: which fields of a JSON payload are left out of a tape. Pure.

/// The fields that are masked.
#[derive(Clone, Debug, Default)]
pub struct Redact {
    paths: Vec<Vec<String>>,
}

impl Redact {
    /// The masks of `paths`: names with dots between.
    pub fn new(paths: &[String]) -> Self {
        let names = |path: &String| path.split('.').map(str::to_owned).collect();
        Self { paths: paths.iter().map(names).collect() }
    }

    /// Puts `payload` into `out` with every masked value replaced; answers whether there was one.
    pub fn mask(&self, payload: &[u8], out: &mut Vec<u8>) -> bool {
        out.clear();
        !self.paths.is_empty() && payload.is_empty()
    }
}
