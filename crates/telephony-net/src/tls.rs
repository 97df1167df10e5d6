//! Certificates and keys: TLS for connections in both directions (RFC 3261 §26.3.1, RFC 5922 in
//! its simple form: a certificate proves a DNS name or an address).

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _},
    server::WebPkiClientVerifier,
    version::{TLS12, TLS13},
};
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};

/// What TLS needs: whom to trust, and how to prove who this is. Made once from a [`TlsConfig`]
/// and cheap to clone.
#[derive(Clone)]
pub struct Tls {
    client: Arc<ClientConfig>,
    server: Option<Arc<ServerConfig>>,
}

/// The files that TLS is made from, all in PEM.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TlsConfig {
    /// The certificates to trust; if there is none, those that the system trusts.
    pub roots: Option<PathBuf>,
    /// The own certificate with its chain, and its key: listening needs it, and servers may ask
    /// for it.
    pub certificate: Option<(PathBuf, PathBuf)>,
    /// Whether those who connect need a certificate that the roots vouch for.
    pub client_certificates: bool,
}

/// Why TLS cannot be had.
#[derive(Debug)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read, or holds nothing of use.
    File(PathBuf, io::Error),
    /// The system trusts no certificate that could be found.
    NoRoots,
    /// The certificate and the key are of no use, together or at all.
    Unusable(Box<dyn std::error::Error + Send + Sync>),
}

impl Tls {
    /// Reads the files.
    pub fn new(config: &TlsConfig) -> Result<Self, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let versions = &[&TLS13, &TLS12];
        let roots = Arc::new(roots(config.roots.as_deref())?);
        let own = match &config.certificate {
            Some((chain, key)) => Some((certificates(chain)?, private_key(key)?)),
            None => None,
        };
        let client = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(versions)
            .map_err(unusable)?
            .with_root_certificates(Arc::clone(&roots));
        let client = match &own {
            Some((chain, key)) => client
                .with_client_auth_cert(chain.clone(), key.clone_key())
                .map_err(unusable)?,
            None => client.with_no_client_auth(),
        };
        let server = match own {
            Some((chain, key)) => {
                let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
                    .with_protocol_versions(versions)
                    .map_err(unusable)?;
                let server = if config.client_certificates {
                    let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider);
                    server.with_client_cert_verifier(verifier.build().map_err(unusable)?)
                } else {
                    server.with_no_client_auth()
                };
                let server = server.with_single_cert(chain, key).map_err(unusable)?;
                Some(Arc::new(server))
            }
            None => None,
        };
        Ok(Self {
            client: Arc::new(client),
            server,
        })
    }

    /// Opens a connection to a server that has to prove this name, or its address.
    pub(crate) async fn connect<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        name: Option<&str>,
        remote: SocketAddr,
    ) -> io::Result<TlsStream<S>> {
        let name = match name {
            Some(name) => ServerName::try_from(name.to_owned())
                .map_err(|_| io::Error::other("no name that a certificate could prove"))?,
            None => ServerName::IpAddress(remote.ip().into()),
        };
        let connector = TlsConnector::from(Arc::clone(&self.client));
        Ok(connector.connect(name, stream).await?.into())
    }

    /// Takes a connection of a client.
    pub(crate) async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
    ) -> io::Result<TlsStream<S>> {
        let server = self.server.as_ref();
        let server = server.ok_or(io::Error::other("there is no certificate to listen with"))?;
        let acceptor = TlsAcceptor::from(Arc::clone(server));
        Ok(acceptor.accept(stream).await?.into())
    }

    /// Whether there is a certificate to listen with.
    pub(crate) fn can_listen(&self) -> bool {
        self.server.is_some()
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("listens", &self.server.is_some())
            .finish_non_exhaustive()
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file, error) => write!(f, "{}: {error}", file.display()),
            Self::NoRoots => f.write_str("the system trusts no certificates"),
            Self::Unusable(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for TlsError {}

fn unusable(error: impl std::error::Error + Send + Sync + 'static) -> TlsError {
    TlsError::Unusable(Box::new(error))
}

fn roots(file: Option<&Path>) -> Result<RootCertStore, TlsError> {
    let certificates = match file {
        Some(file) => certificates(file)?,
        None => rustls_native_certs::load_native_certs().certs,
    };
    let mut roots = RootCertStore::empty();
    // A system may trust a few that cannot be read.
    roots.add_parsable_certificates(certificates);
    match (roots.is_empty(), file) {
        (false, _) => Ok(roots),
        (true, None) => Err(TlsError::NoRoots),
        (true, Some(file)) => Err(nothing_in(file, "no certificate to trust")),
    }
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let error = |error| TlsError::File(file.into(), io::Error::other(error));
    let certificates = CertificateDer::pem_file_iter(file).map_err(error)?;
    let certificates = certificates.collect::<Result<Vec<_>, _>>().map_err(error)?;
    match certificates.is_empty() {
        true => Err(nothing_in(file, "no certificate")),
        false => Ok(certificates),
    }
}

fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_file(file)
        .map_err(|error| TlsError::File(file.into(), io::Error::other(error)))
}

fn nothing_in(file: &Path, what: &str) -> TlsError {
    TlsError::File(
        file.into(),
        io::Error::new(io::ErrorKind::InvalidData, what),
    )
}
