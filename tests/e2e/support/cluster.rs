//! A cluster without nodes.

use super::Assets;
use super::certs::Certs;
use super::process::Running;
use kyvc::k8s::{Access, Client};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// The ports that are used on the cluster's address.
const PORTS: [u16; 3] = [2379, 2380, 6443];
/// How long the API server may take until it is ready.
const PATIENCE: Duration = Duration::from_secs(120);

/// An API server and its store. Both end, and their data goes, when this is dropped.
#[derive(Debug)]
pub(crate) struct Cluster {
    api: Mutex<Running>,
    store: Mutex<Running>,
    /// How the API server is started
    arguments: Vec<String>,
    assets: Assets,
    address: String,
    kubeconfig: PathBuf,
    folder: Folder,
}

/// A folder that is removed.
#[derive(Debug)]
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Cluster {
    /// Starts one, and waits until it is ready.
    pub(crate) fn start(assets: &Assets) -> Self {
        let memory = Path::new("/dev/shm");
        let parent = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let folder = Folder(parent.join(format!("kyvc-e2e-{}", std::process::id())));
        let _ = std::fs::remove_dir_all(&folder.0);
        let address = free_address();
        let certs = Certs::make(&folder.0.join("certs"), &address);
        let server = format!("https://{address}:6443");
        let kubeconfig = certs.kubeconfig("admin", &server);
        let store = Running::start(&assets.program("etcd"), &etcd(&address, &folder.0), &folder.0);
        let arguments = api_server(&address, &certs);
        let api = Running::start(&assets.program("kube-apiserver"), &arguments, &folder.0);
        let (api, store, assets) = (Mutex::new(api), Mutex::new(store), assets.clone());
        let cluster = Self { api, store, arguments, assets, address, kubeconfig, folder };
        cluster.wait();
        cluster
    }

    /// Stops the API server as it is, starts it again, and waits until it is ready.
    pub(crate) fn restart(&self) {
        let program = self.assets.program("kube-apiserver");
        let mut api = self.api.lock().unwrap();
        api.kill();
        *api = Running::start(&program, &self.arguments, &self.folder.0);
        drop(api);
        self.wait();
    }

    fn wait(&self) {
        let client = self.client();
        let start = Instant::now();
        loop {
            [&self.api, &self.store].iter().for_each(|r| r.lock().unwrap().check());
            let ready = ["/readyz", "/api/v1/namespaces/default"].map(|path| client.get(path));
            match ready.iter().find_map(|r| r.as_ref().err()) {
                None => return,
                Some(why) if start.elapsed() > PATIENCE => {
                    let said: Vec<String> = [&self.api, &self.store].iter().map(|r| r.lock().unwrap().last()).collect();
                    panic!("the API server is not ready: {why:?}\n{}", said.join("\n\n"));
                }
                Some(_) => std::thread::sleep(Duration::from_millis(100)),
            }
        }
    }

    /// A client with all rights.
    pub(crate) fn client(&self) -> Client {
        let kubeconfig = self.kubeconfig.display().to_string();
        Access { kubeconfig: &kubeconfig, context: "" }.client().unwrap()
    }

    /// The address, of which other ports are free.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The folder with all that is written.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder.0
    }

    /// The kubeconfig of somebody with all rights.
    pub(crate) fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// Runs kubectl, which has to succeed; `input` is its standard input.
    pub(crate) fn kubectl(&self, arguments: &[&str], input: &str) -> String {
        let (succeeded, said) = self.try_kubectl(arguments, input);
        assert!(succeeded, "kubectl {arguments:?}: {said}");
        said
    }

    /// Runs kubectl. Says whether it has succeeded, and all that it says.
    pub(crate) fn try_kubectl(&self, arguments: &[&str], input: &str) -> (bool, String) {
        use std::io::Write;
        let mut child = Command::new(self.assets.program("kubectl"))
            .arg("--kubeconfig")
            .arg(&self.kubeconfig)
            .args(arguments)
            // Its caches are of no use to anybody else.
            .env("KUBECACHEDIR", self.folder.0.join("kube"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
        (status.success(), format!("{out}{err}"))
    }
}

/// A loopback address of which the ports are free: several clusters may run beside each other.
fn free_address() -> String {
    let first = std::process::id() % 250;
    (0..250)
        .map(|n| format!("127.0.{}.1", 2 + (first + n) % 250))
        .find(|a| PORTS.iter().all(|port| TcpListener::bind((a.as_str(), *port)).is_ok()))
        .unwrap()
}

fn etcd(address: &str, folder: &Path) -> Vec<String> {
    let data = folder.join("etcd");
    let clients = format!("http://{address}:2379");
    let peers = format!("http://{address}:2380");
    [
        format!("--data-dir={}", data.display()),
        format!("--listen-client-urls={clients}"),
        format!("--advertise-client-urls={clients}"),
        format!("--listen-peer-urls={peers}"),
        format!("--initial-advertise-peer-urls={peers}"),
        format!("--initial-cluster=default={peers}"),
        "--unsafe-no-fsync".to_owned(),
        "--log-level=warn".to_owned(),
    ]
    .into()
}

fn api_server(address: &str, certs: &Certs) -> Vec<String> {
    [
        format!("--etcd-servers=http://{address}:2379"),
        format!("--bind-address={address}"),
        // It must not be a loopback address, and nobody reads it.
        "--advertise-address=10.255.255.1".to_owned(),
        "--endpoint-reconciler-type=none".to_owned(),
        "--service-cluster-ip-range=10.96.0.0/16".to_owned(),
        format!("--tls-cert-file={}", certs.path("server.crt")),
        format!("--tls-private-key-file={}", certs.path("server.key")),
        format!("--client-ca-file={}", certs.path("ca.crt")),
        "--authorization-mode=Node,RBAC".to_owned(),
        "--enable-admission-plugins=NodeRestriction".to_owned(),
        // Nobody makes the accounts that it asks for.
        "--disable-admission-plugins=ServiceAccount".to_owned(),
        "--allow-privileged".to_owned(),
        "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
        format!("--service-account-key-file={}", certs.path("accounts.pub")),
        format!("--service-account-signing-key-file={}", certs.path("accounts.key")),
        format!("--requestheader-client-ca-file={}", certs.path("front-ca.crt")),
        "--requestheader-allowed-names=front-proxy".to_owned(),
        "--requestheader-username-headers=X-Remote-User".to_owned(),
        "--requestheader-group-headers=X-Remote-Group".to_owned(),
        "--requestheader-extra-headers-prefix=X-Remote-Extra-".to_owned(),
        format!("--proxy-client-cert-file={}", certs.path("front.crt")),
        format!("--proxy-client-key-file={}", certs.path("front.key")),
    ]
    .into()
}
