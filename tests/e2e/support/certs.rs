//! Keys and certificates of a cluster.

use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose as Usage, IsCa, Issuer, KeyPair};
use std::fs;
use std::path::{Path, PathBuf};

/// A folder of keys and certificates.
#[derive(Debug)]
pub(crate) struct Certs(PathBuf);

/// An authority and its certificates.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    folder: PathBuf,
}

impl Certs {
    /// Makes them all, for an API server at an address.
    pub(crate) fn make(folder: &Path, address: &str) -> Self {
        fs::create_dir_all(folder).unwrap();
        let ca = Authority::new(folder, "ca");
        let names = [address, "localhost", "kubernetes.default.svc", "10.96.0.1"].map(str::to_owned);
        ca.issue("server", "kube-apiserver", None, &names, Usage::ServerAuth);
        ca.issue("admin", "admin", Some("system:masters"), &[], Usage::ClientAuth);
        ca.issue("controllers", "system:kube-controller-manager", None, &[], Usage::ClientAuth);
        Authority::new(folder, "front-ca").issue("front", "front-proxy", None, &[], Usage::ClientAuth);
        let accounts = KeyPair::generate().unwrap();
        fs::write(folder.join("accounts.key"), accounts.serialize_pem()).unwrap();
        fs::write(folder.join("accounts.pub"), accounts.public_key_pem()).unwrap();
        Self(folder.to_owned())
    }

    /// The path of a file.
    pub(crate) fn path(&self, file: &str) -> String {
        self.0.join(file).display().to_string()
    }

    /// Writes a kubeconfig for somebody who has a certificate, with a second context in which that one is `viewer`.
    pub(crate) fn kubeconfig(&self, who: &str, server: &str) -> PathBuf {
        let path = |end: &str| self.path(&format!("{who}.{end}"));
        let key = format!("client-certificate: \"{}\", client-key: \"{}\"", path("crt"), path("key"));
        let text = format!(
            "apiVersion: v1
kind: Config
current-context: test
clusters: [{{name: test, cluster: {{server: \"{server}\", certificate-authority: \"{}\"}}}}]
contexts:
- {{name: test, context: {{cluster: test, user: test}}}}
- {{name: viewer, context: {{cluster: test, user: viewer}}}}
users:
- {{name: test, user: {{{key}}}}}
- {{name: viewer, user: {{{key}, as: viewer}}}}
",
            self.path("ca.crt"),
        );
        let file = self.0.join(format!("{who}.kubeconfig"));
        fs::write(&file, text).unwrap();
        file
    }
}

impl Authority {
    fn new(folder: &Path, name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let certificate = params.self_signed(&key).unwrap();
        fs::write(folder.join(format!("{name}.crt")), certificate.pem()).unwrap();
        Self { issuer: Issuer::new(params, key), folder: folder.to_owned() }
    }

    fn issue(&self, file: &str, name: &str, group: Option<&str>, names: &[String], usage: Usage) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        if let Some(group) = group {
            params.distinguished_name.push(DnType::OrganizationName, group);
        }
        params.insert_extended_key_usage(usage);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        fs::write(self.folder.join(format!("{file}.crt")), certificate.pem()).unwrap();
        fs::write(self.folder.join(format!("{file}.key")), key.serialize_pem()).unwrap();
    }
}
