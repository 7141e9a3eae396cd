//! temp
#[derive(Debug)] pub struct SecretError; impl SecretError { pub fn into_link_error(self, _n:&str)->crate::link::LinkError{todo!()} }
pub async fn fetch(_s:&crate::profile::SecretSource)->Result<crate::secret::Secret,SecretError>{todo!()}
