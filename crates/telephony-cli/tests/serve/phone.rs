//! A phone that logs in where it is asked to.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rfc2617_auth::{Account, Challenger, Client, ClientConfig, Request};
use rfc3261_sip::user_agent::{Config, Content, Credentials, Event, RequestId, Target, UserAgent};
use rfc3261_sip::{HeaderName, Message, Method};
use telephony_net::sip::{self, Endpoint, Listen};
use telephony_net::{Driver, Happening};
use tokio::time::timeout;

pub(crate) struct Phone {
    pub(crate) driver: Driver<UserAgent>,
    name: String,
    password: String,
}

impl Phone {
    /// A phone of this user, who says that it belongs to the domain.
    pub(crate) fn new(name: &str, password: &str, transport: &str) -> Self {
        let listen: Listen = format!("{transport}:127.0.0.1:0").parse().unwrap();
        let endpoint = Endpoint::bind(sip::Config::new([listen])).unwrap();
        let host = endpoint.listening()[0].address.to_string();
        let contact = format!("sip:{name}@{host};transport={transport}");
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).unwrap();
        let from = format!("<sip:{name}@serve.test>");
        let mut config = Config::new(seed, from, contact, host);
        config.preferences.transports = vec![listen.transport];
        Self {
            driver: Driver::new(UserAgent::new(config), endpoint),
            name: name.to_owned(),
            password: password.to_owned(),
        }
    }

    /// A target behind the server.
    pub(crate) fn target(&self, uri: &str, server: SocketAddr) -> Target {
        let transport = self.driver.endpoint().listening()[0].transport;
        let transport = transport.to_string().to_lowercase();
        Target::new(uri).route(format!("sip:{server};transport={transport};lr"))
    }

    /// What happens next, challenges answered where that helps.
    pub(crate) async fn event(&mut self) -> Event {
        let waiting = async {
            loop {
                match self.driver.next().await {
                    Happening::Event(Event::Challenged {
                        request,
                        response,
                        sent,
                        ..
                    }) => self.prove(request, &response, &sent),
                    Happening::Event(event) => return event,
                    _ => {}
                }
            }
        };
        timeout(Duration::from_secs(20), waiting)
            .await
            .expect("an event")
    }

    fn prove(&mut self, request: RequestId, response: &Message, sent: &Message) {
        let agent = self.driver.machine_mut();
        let now = Instant::now();
        let proven = [HeaderName::Authorization, HeaderName::ProxyAuthorization];
        if proven.into_iter().any(|name| sent.first(name).is_some()) {
            return agent.give_up(now, request).unwrap();
        }
        let mut client = Client::new(ClientConfig::default(), [3; 32]);
        let rows = |name, challenger| {
            let fields = response.fields_named(name);
            fields
                .map(move |field| (challenger, field.value()))
                .collect::<Vec<_>>()
        };
        let mut challenges = rows(HeaderName::WwwAuthenticate, Challenger::Server);
        challenges.extend(rows(HeaderName::ProxyAuthenticate, Challenger::Proxy));
        let account = |_, _: &str| Account::new(&self.name, &self.password).ok();
        assert!(client.handle_challenges(&[], challenges, account).retry());
        let uri = sent.view().request_uri_bytes().unwrap();
        let answers = client.authorize(&Request {
            method: sent.method().unwrap().as_str(),
            uri: std::str::from_utf8(uri).unwrap(),
            body: sent.body(),
        });
        let credentials = answers
            .unwrap()
            .iter()
            .fold(Credentials::new(), |all, answer| {
                let value = answer.header_value().to_string();
                match answer.challenger() {
                    Challenger::Server => all.authorization(value),
                    Challenger::Proxy => all.proxy_authorization(value),
                }
            });
        agent.retry(now, request, &credentials).unwrap();
    }

    /// Registers; whether that was accepted, or the status that it was refused with.
    pub(crate) async fn register(&mut self, server: SocketAddr) -> Result<(), u16> {
        let target = self.target("sip:serve.test", server);
        let (now, hour) = (Instant::now(), Duration::from_secs(3600));
        let agent = self.driver.machine_mut();
        agent.register(now, &target, hour, &Content::new()).unwrap();
        loop {
            match self.event().await {
                Event::Registered { .. } => return Ok(()),
                Event::RegistrationFailed { failure, .. } => return Err(failure.status().get()),
                _ => {}
            }
        }
    }

    /// Sends a request outside of calls; the status of its response.
    pub(crate) async fn ask(&mut self, method: Method<'_>, uri: &str, server: SocketAddr) -> u16 {
        let target = self.target(uri, server);
        let agent = self.driver.machine_mut();
        agent
            .request(Instant::now(), method, &target, &Content::new())
            .unwrap();
        loop {
            match self.event().await {
                Event::Response { response, .. } => return response.status().unwrap().get(),
                Event::Failed { failure, .. } => return failure.status().get(),
                _ => {}
            }
        }
    }
}
