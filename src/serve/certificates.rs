//! The certificate of the server: from files that may change at any time, or made for this process.

use arc_swap::ArcSwap;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{InconsistentKeys, ServerConfig};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thiserror::Error;

/// Names of the files, as in Kubernetes' secrets of the type `kubernetes.io/tls`.
const CERTIFICATE: &str = "tls.crt";
const KEY: &str = "tls.key";

/// Why there is no certificate.
#[derive(Debug, Error)]
pub enum CertificateError {
    /// A file cannot be read
    #[error("{}: {why}", .path.display())]
    File {
        /// The file
        path: PathBuf,
        /// What the system says
        why: std::io::Error,
    },
    /// A file holds something else
    #[error("{}: {why}", .path.display())]
    Pem {
        /// The file
        path: PathBuf,
        /// What is wrong
        why: rustls::pki_types::pem::Error,
    },
    /// There is no certificate in the file
    #[error("{}: no certificate", .0.display())]
    Empty(PathBuf),
    /// The key is of an unknown kind, or belongs to another certificate
    #[error("{0}")]
    Key(#[from] rustls::Error),
    /// None can be made
    #[error("a certificate cannot be made: {0}")]
    Made(#[from] rcgen::Error),
}

/// A certificate with its chain and its key.
#[derive(Clone, Debug)]
pub struct Certificate(Arc<CertifiedKey>);

impl Certificate {
    /// A certificate from PEM texts.
    ///
    /// # Errors
    /// Says what is wrong with them; `name` says whose they are.
    pub fn from_pem(name: &str, certificate: &[u8], key: &[u8]) -> Result<Self, CertificateError> {
        let pem = |what: &str| {
            let path = PathBuf::from(format!("{name}/{what}"));
            move |why| CertificateError::Pem { path, why }
        };
        let chain: Vec<_> =
            CertificateDer::pem_slice_iter(certificate).collect::<Result<_, _>>().map_err(pem(CERTIFICATE))?;
        if chain.is_empty() {
            return Err(CertificateError::Empty(PathBuf::from(format!("{name}/{CERTIFICATE}"))));
        }
        certified(chain, &PrivateKeyDer::from_pem_slice(key).map_err(pem(KEY))?)
    }
}

/// The certificate of now.
#[derive(Debug)]
pub(super) struct Certificates {
    current: ArcSwap<CertifiedKey>,
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.load_full())
    }
}

impl Certificates {
    /// Starts with a certificate.
    pub(super) fn new(first: Certificate) -> Arc<Self> {
        Arc::new(Self { current: ArcSwap::new(first.0) })
    }

    /// New connections get another one.
    pub(super) fn exchange(&self, next: Certificate) {
        self.current.store(next.0);
    }

    /// TLS as Kyverno has it: 1.2 at least, no certificates of clients.
    pub(super) fn config(self: Arc<Self>) -> Result<ServerConfig, rustls::Error> {
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(self);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }
}

/// The files of a folder.
pub(super) fn files(folder: &Path) -> [PathBuf; 2] {
    [folder.join(CERTIFICATE), folder.join(KEY)]
}

/// Reads the certificate of a folder.
pub(super) fn read(folder: &Path) -> Result<Certificate, CertificateError> {
    let [certificate, key] = files(folder);
    let bytes = |path: &Path| std::fs::read(path).map_err(|why| CertificateError::File { path: path.to_owned(), why });
    Certificate::from_pem(&folder.display().to_string(), &bytes(&certificate)?, &bytes(&key)?)
}

/// Makes one that signs itself, for this machine and an address.
pub(super) fn make(address: IpAddr) -> Result<Certificate, CertificateError> {
    let key = KeyPair::generate()?;
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    if !address.is_unspecified() && !address.is_loopback() {
        names.push(address.to_string());
    }
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "kyvc");
    let certificate = params.self_signed(&key)?;
    let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(|e| rustls::Error::General(e.to_owned()))?;
    certified(vec![certificate.der().clone()], &key)
}

fn certified(chain: Vec<CertificateDer<'static>>, key: &PrivateKeyDer<'_>) -> Result<Certificate, CertificateError> {
    let certified = CertifiedKey::new(chain, ring::sign::any_supported_type(key)?);
    match certified.keys_match() {
        // Not every kind of key tells what is public of it.
        Ok(()) | Err(rustls::Error::InconsistentKeys(InconsistentKeys::Unknown)) => {
            Ok(Certificate(Arc::new(certified)))
        }
        Err(e) => Err(e.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("kyvc-certificates-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn pair() -> (String, String) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        (made.cert.pem(), made.signing_key.serialize_pem())
    }

    #[test]
    fn makes_one() {
        assert!(make(IpAddr::from([10, 0, 0, 1])).is_ok());
    }

    #[test]
    fn reads_only_pairs() {
        let folder = folder("pairs");
        let ((certificate, key), (_, other)) = (pair(), pair());
        let [at, key_at] = files(&folder);
        std::fs::write(&at, &certificate).unwrap();
        std::fs::write(&key_at, &key).unwrap();
        assert!(read(&folder).is_ok());
        std::fs::write(&key_at, other).unwrap();
        assert!(matches!(read(&folder), Err(CertificateError::Key(_))));
        std::fs::write(&at, "").unwrap();
        assert!(matches!(read(&folder), Err(CertificateError::Empty(_))));
        std::fs::remove_file(&at).unwrap();
        assert!(matches!(read(&folder), Err(CertificateError::File { .. })));
        std::fs::remove_dir_all(folder).unwrap();
    }
}
