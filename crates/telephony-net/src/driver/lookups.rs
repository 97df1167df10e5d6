//! Questions to the DNS that are under way.

#[cfg(feature = "dns")]
pub(super) use with_resolver::Lookups;
#[cfg(not(feature = "dns"))]
pub(super) use without_resolver::Lookups;

#[cfg(feature = "dns")]
mod with_resolver {
    use std::sync::Arc;
    use std::task::{Context, Poll};

    use rfc3261_sip::resolve::{Answer, Query};
    use tokio::sync::{Semaphore, mpsc};

    use crate::Resolver;

    /// Questions at a time.
    const MOST: usize = 1000;

    pub(in crate::driver) struct Lookups<L> {
        resolver: Option<Resolver>,
        room: Arc<Semaphore>,
        /// Never more than there is room for questions.
        answers: mpsc::UnboundedReceiver<(L, Answer)>,
        answered: mpsc::UnboundedSender<(L, Answer)>,
    }

    impl<L: Send + 'static> Lookups<L> {
        pub(in crate::driver) fn new() -> Self {
            let (answered, answers) = mpsc::unbounded_channel();
            Self {
                resolver: None,
                room: Arc::new(Semaphore::new(MOST)),
                answers,
                answered,
            }
        }

        pub(in crate::driver) fn set_resolver(&mut self, resolver: Resolver) {
            self.resolver = Some(resolver);
        }

        /// Asks, or gives the question back: nobody can be asked, or too many are.
        pub(in crate::driver) fn ask(&mut self, lookup: L, query: Query) -> Option<L> {
            let permit = Arc::clone(&self.room).try_acquire_owned();
            let (Some(resolver), Ok(permit)) = (self.resolver.clone(), permit) else {
                return Some(lookup);
            };
            let answered = self.answered.clone();
            tokio::spawn(async move {
                let answer = resolver.ask(&query).await;
                let _ = answered.send((lookup, answer));
                drop(permit);
            });
            None
        }

        pub(in crate::driver) fn poll_answer(
            &mut self,
            context: &mut Context<'_>,
        ) -> Poll<(L, Answer)> {
            match self.answers.poll_recv(context) {
                Poll::Ready(Some(answer)) => Poll::Ready(answer),
                // `self` holds a sender.
                Poll::Ready(None) | Poll::Pending => Poll::Pending,
            }
        }
    }
}

#[cfg(not(feature = "dns"))]
mod without_resolver {
    use std::marker::PhantomData;
    use std::task::{Context, Poll};

    use rfc3261_sip::resolve::{Answer, Query};

    /// Nobody can be asked.
    pub(in crate::driver) struct Lookups<L>(PhantomData<L>);

    impl<L> Lookups<L> {
        pub(in crate::driver) fn new() -> Self {
            Self(PhantomData)
        }

        pub(in crate::driver) fn ask(&mut self, lookup: L, _: Query) -> Option<L> {
            Some(lookup)
        }

        pub(in crate::driver) fn poll_answer(&mut self, _: &mut Context<'_>) -> Poll<(L, Answer)> {
            Poll::Pending
        }
    }
}
