//! The TLS handshake.
//!
//! What lives here: whom we expect, and the handshake itself. What may not: loading roots and certificates (`trust`), what a
//! fault means (`tls_error`). The platform's name always goes out (SNI) and is always checked.

use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::error::{LinkError, Stage, Target, from_io};
use super::trust;
use crate::profile::Tls;

/// Speaks TLS with `host` on `tcp`.
pub(super) async fn handshake(
    tcp: TcpStream,
    host: &str,
    trusted: &Tls,
    target: &Target,
) -> Result<TlsStream<TcpStream>, LinkError> {
    // An address is a name too: it is then looked for among the certificate's addresses.
    let name = ServerName::try_from(host.to_owned()).map_err(|_| {
        LinkError::new(
            "tls-name",
            format!("no certificate can be for “{host}” ({})", target.at),
            "set host to the platform's DNS name, or to its address without a zone",
        )
    })?;
    let config = trust::client_config(trusted, &target.at).await?;
    TlsConnector::from(config).connect(name, tcp).await.map_err(|fault| from_io(Stage::Tls, target, &fault))
}
