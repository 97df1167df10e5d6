//! Everything that a client and a server can do to each other over a channel that drops, repeats
//! and reorders: all states that the product of their tables can reach are visited.

use alloc::{
    collections::{BTreeSet, VecDeque},
    vec,
    vec::Vec,
};

use super::{
    Kind, State, Timer,
    machine::{Action, Input, Step},
};

/// What is under way. More of one direction at a time than [`ROOM`] is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Packet {
    Request,
    Ack,
    Cancel,
    Provisional,
    Success,
    Failure,
}

const ROOM: usize = 3;

/// What the client's user was told last of what ends a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Success,
    Failure,
    Timeout,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Machine {
    kind: Kind,
    state: State,
    pace: Option<Timer>,
    bound: Option<Timer>,
    cancel_wanted: bool,
    /// What a server repeats.
    last: Option<Packet>,
}

/// Both machines, the channel, and what the client's user knows.
#[derive(Debug, Clone, PartialEq, Eq)]
struct World {
    invite: bool,
    reliable: bool,
    client: Option<Machine>,
    server: Option<Machine>,
    to_server: Vec<Packet>,
    to_client: Vec<Packet>,
    told: Option<End>,
    acknowledged: bool,
}

impl World {
    fn new(invite: bool, reliable: bool) -> Self {
        let kind = match invite {
            true => Kind::ClientInvite,
            false => Kind::ClientNonInvite,
        };
        let mut world = Self {
            invite,
            reliable,
            client: Some(Machine::new(kind)),
            server: None,
            to_server: vec![],
            to_client: vec![],
            told: None,
            acknowledged: false,
        };
        world.client_does(kind.start(), None);
        world
    }

    /// Lets something happen to the client, and at once what follows from it.
    fn client(&mut self, input: Input) -> bool {
        let mut next = Some(input);
        let mut taken = false;
        while let Some(input) = next.take() {
            let Some(client) = &self.client else { break };
            let Some(step) = client.kind.step(client.state, input) else {
                break;
            };
            taken = true;
            self.client_does(step, Some(input));
            next = self
                .client
                .as_ref()
                .and_then(|client| client.follow_up(self.reliable));
        }
        taken
    }

    fn client_does(&mut self, step: Step, input: Option<Input>) {
        let Some(mut client) = self.client.take() else {
            return;
        };
        client.state = step.next;
        for action in step.actions {
            client.time(*action, self.reliable);
            match action {
                Action::Send if client.state == State::Completed => self.put(Packet::Ack),
                Action::Send => self.put(Packet::Request),
                Action::SendAck => {
                    self.acknowledged = true;
                    self.put(Packet::Ack);
                }
                Action::SendCancel => self.put(Packet::Cancel),
                Action::WantCancel => client.cancel_wanted = true,
                Action::Pass => match input {
                    Some(Input::Success) => self.tell(End::Success, client.kind),
                    Some(Input::Failure) => self.tell(End::Failure, client.kind),
                    _ => assert_eq!(self.told, None, "a 1xx after the end"),
                },
                Action::TellTimeout => self.tell(End::Timeout, client.kind),
                _ => {}
            }
        }
        self.client = Some(client).filter(|client| client.state != State::Terminated);
    }

    /// At most one final response, but any number of 2xx to an INVITE; never a timeout with one;
    /// and all but 2xx acknowledged.
    fn tell(&mut self, end: End, kind: Kind) {
        let again = (self.told, end) == (Some(End::Success), End::Success);
        assert!(
            self.told.is_none() || again && kind == Kind::ClientInvite,
            "{self:?} {end:?}"
        );
        self.told = Some(end);
        assert_eq!(
            self.acknowledged,
            end == End::Failure && kind == Kind::ClientInvite
        );
    }

    fn server(&mut self, input: Input) {
        let mut next = Some(input);
        while let Some(input) = next.take() {
            let Some(server) = &self.server else { return };
            let Some(step) = server.kind.step(server.state, input) else {
                return;
            };
            self.server_does(step, input);
            next = self
                .server
                .as_ref()
                .and_then(|server| server.follow_up(self.reliable));
        }
    }

    fn server_does(&mut self, step: Step, input: Input) {
        let Some(mut server) = self.server.take() else {
            return;
        };
        let answers = match input {
            Input::Trying | Input::Provisional => Some(Packet::Provisional),
            Input::Success => Some(Packet::Success),
            Input::Failure => Some(Packet::Failure),
            _ => None,
        };
        if server.state != State::Completed {
            server.last = answers.or(server.last);
        }
        server.state = step.next;
        for action in step.actions {
            server.time(*action, self.reliable);
            match action {
                Action::Send => self.to_client.extend(server.last),
                Action::SendTrying => {
                    server.last = Some(Packet::Provisional);
                    self.to_client.push(Packet::Provisional);
                }
                _ => {}
            }
        }
        self.server = Some(server).filter(|server| server.state != State::Terminated);
    }

    fn put(&mut self, packet: Packet) {
        self.to_server.push(packet);
    }

    fn arrives_at_server(&mut self, packet: Packet) {
        match packet {
            Packet::Request if self.server.is_none() => {
                let kind = match self.invite {
                    true => Kind::ServerInvite,
                    false => Kind::ServerNonInvite,
                };
                self.server = Some(Machine::new(kind));
                self.server_does(kind.start(), Input::Request);
            }
            Packet::Request => self.server(Input::Request),
            Packet::Ack => self.server(Input::Ack),
            // What its user does about it.
            _ => self.server(Input::Failure),
        }
    }

    /// All that can happen next.
    fn next(&self) -> Vec<Self> {
        let mut worlds = vec![];
        let mut then = |change: &dyn Fn(&mut Self)| {
            let mut world = self.clone();
            change(&mut world);
            for channel in [&mut world.to_server, &mut world.to_client] {
                channel.sort_unstable();
                channel.truncate(ROOM);
            }
            worlds.push(world);
        };
        for (at, packet) in self.to_server.iter().enumerate() {
            then(&|world| world.arrives_at_server(world.to_server[at]));
            then(&|world| {
                let _ = world.to_server.remove(at);
            });
            then(&|world| {
                world.to_server.remove(at);
                world.arrives_at_server(*packet);
            });
        }
        for (at, packet) in self.to_client.iter().enumerate() {
            let input = match packet {
                Packet::Success => Input::Success,
                Packet::Failure => Input::Failure,
                _ => Input::Provisional,
            };
            then(&|world| {
                let _ = world.client(input);
            });
            then(&|world| {
                let _ = world.to_client.remove(at);
            });
            then(&|world| {
                world.to_client.remove(at);
                world.client(input);
            });
        }
        if let Some(client) = &self.client {
            for timer in client.timers() {
                then(&|world| world.client_fires(timer));
            }
            if client.kind == Kind::ClientInvite {
                then(&|world| {
                    let _ = world.client(Input::Cancel);
                });
            }
        }
        if let Some(server) = &self.server {
            for timer in server.timers() {
                then(&|world| world.server_fires(timer));
            }
            for answer in [
                Input::Trying,
                Input::Provisional,
                Input::Success,
                Input::Failure,
            ] {
                then(&|world| world.server(answer));
            }
        }
        worlds
    }

    fn client_fires(&mut self, timer: Timer) {
        if let Some(client) = &mut self.client {
            client.stop(timer);
        }
        assert!(
            self.client(Input::Fired(timer)),
            "a timer without a cell: {self:?}"
        );
    }

    fn server_fires(&mut self, timer: Timer) {
        if let Some(server) = &mut self.server {
            server.stop(timer);
        }
        self.server(Input::Fired(timer));
    }

    /// With a dead network and an idle user nobody waits for ever: each machine has a timer that
    /// brings it on, or is the user's turn, who answers at last.
    fn ends(mut self) {
        for _ in 0..4 {
            self.to_server.clear();
            self.to_client.clear();
            if let Some(timer) = self.client.as_ref().map(|client| client.bound) {
                self.client_fires(timer.expect("a client always has a deadline"));
            }
            match self.server.as_ref().map(|server| server.bound) {
                Some(Some(timer)) => self.server_fires(timer),
                Some(None) => self.server(Input::Failure),
                None => {}
            }
        }
        assert!(self.client.is_none() && self.server.is_none(), "{self:?}");
        assert!(self.told.is_some());
    }
}

impl Machine {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            state: kind.start().next,
            pace: None,
            bound: None,
            cancel_wanted: false,
            last: None,
        }
    }

    fn time(&mut self, action: Action, reliable: bool) {
        match action {
            Action::Start(Timer::A | Timer::E | Timer::G) if reliable => {}
            Action::Start(timer) if !timer.paces() => self.bound = Some(timer),
            Action::Start(timer) | Action::Backoff(timer) | Action::Slow(timer) => {
                self.pace = Some(timer);
            }
            Action::Stop => self.pace = None,
            _ => {}
        }
    }

    fn stop(&mut self, timer: Timer) {
        match timer.paces() {
            true => self.pace = None,
            false => self.bound = None,
        }
    }

    fn timers(&self) -> impl Iterator<Item = Timer> {
        self.pace.into_iter().chain(self.bound)
    }

    fn follow_up(&self, reliable: bool) -> Option<Input> {
        match self.bound? {
            timer @ (Timer::D | Timer::I | Timer::J | Timer::K) if reliable => {
                Some(Input::Fired(timer))
            }
            _ if self.cancel_wanted && self.state == State::Proceeding => Some(Input::Cancel),
            _ => None,
        }
    }
}

/// Visits all that can be reached, and returns how much that is.
fn visit(invite: bool, reliable: bool) -> usize {
    let first = World::new(invite, reliable);
    let mut seen = BTreeSet::new();
    let mut waiting = VecDeque::from([first]);
    while let Some(world) = waiting.pop_front() {
        if !seen.insert(alloc::format!("{world:?}")) {
            continue;
        }
        world.clone().ends();
        waiting.extend(world.next());
    }
    seen.len()
}

#[test]
fn all_that_an_invite_can_come_to() {
    for reliable in [false, true] {
        let states = visit(true, reliable);
        std::println!("INVITE, reliable: {reliable}: {states} states");
        assert!(states > 1000);
    }
}

#[test]
fn all_that_another_request_can_come_to() {
    for reliable in [false, true] {
        let states = visit(false, reliable);
        std::println!("another request, reliable: {reliable}: {states} states");
        assert!(states > 100);
    }
}
