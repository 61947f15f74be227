//! The counts, in Redis.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, RedisError, Script};
use tokio::sync::Mutex;

/// Whether a refused hit is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Refused {
    /// It is not, as with Limitador: a smaller number of hits may still pass.
    #[default]
    Free,
    /// It is, as with `envoyproxy/ratelimit`.
    Counted,
}

/// Hits on one count.
#[derive(Clone, Debug)]
pub(crate) struct Hit {
    pub(crate) key: String,
    pub(crate) hits: u64,
    pub(crate) limit: u32,
    /// When the count may be forgotten.
    pub(crate) keep: Duration,
}

/// What became of the hits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) passed: bool,
    /// What is used of each count, without hits that were refused.
    pub(crate) used: Vec<u64>,
}

/// The counts of a Redis.
#[derive(Clone)]
pub(crate) struct Counts {
    client: Client,
    connection: Arc<Mutex<Option<ConnectionManager>>>,
    script: Arc<Script>,
    refused: Refused,
}

/// All counts pass, or none does; a script runs alone, so nobody comes in between.
///
/// KEYS: the counts. ARGV: whether a refused hit is counted (0, 1), then for each count: hits,
/// limit, milliseconds to keep it. Gives 1 or 0, then for each count what is used.
const SCRIPT: &str = "
local passed = 1
local used = {}
for i = 1, #KEYS do
  used[i] = tonumber(redis.call('get', KEYS[i]) or '0')
  if used[i] + tonumber(ARGV[3 * i - 1]) > tonumber(ARGV[3 * i]) then passed = 0 end
end
local answer = {passed}
for i = 1, #KEYS do
  if passed == 1 or ARGV[1] == '1' then
    used[i] = redis.call('incrby', KEYS[i], ARGV[3 * i - 1])
    redis.call('pexpire', KEYS[i], ARGV[3 * i + 1])
  end
  answer[i + 1] = used[i]
end
return answer";

/// Longer than a script takes, shorter than a gateway waits.
const PATIENCE: Duration = Duration::from_millis(500);

impl Counts {
    pub(crate) fn new(url: &str, refused: Refused) -> io::Result<Self> {
        let client = Client::open(url).map_err(|error| {
            io::Error::new(io::ErrorKind::InvalidInput, format!("{url}: {error}"))
        })?;
        let script = Arc::new(Script::new(SCRIPT));
        Ok(Self { client, connection: Arc::default(), script, refused })
    }

    /// Counts the hits, if none of the counts would pass its limit.
    ///
    /// # Errors
    /// When Redis cannot be reached or does not answer.
    pub(crate) async fn count(&self, hits: &[Hit]) -> Result<Counted, RedisError> {
        let mut connection = self.connected().await?;
        let mut call = self.script.prepare_invoke();
        call.arg(u8::from(self.refused == Refused::Counted));
        for hit in hits {
            let keep = u64::try_from(hit.keep.as_millis()).unwrap_or(u64::MAX).max(1);
            call.key(&hit.key).arg(hit.hits).arg(hit.limit).arg(keep);
        }
        let answer: Vec<u64> = call.invoke_async(&mut connection).await?;
        let (passed, used) =
            answer.split_first().map_or((&0, &[][..]), |(passed, used)| (passed, used));
        Ok(Counted { passed: *passed == 1, used: used.to_vec() })
    }

    /// The one connection that all calls share; it connects again by itself.
    async fn connected(&self) -> Result<ConnectionManager, RedisError> {
        let mut connection = self.connection.lock().await;
        if let Some(connection) = &*connection {
            return Ok(connection.clone());
        }
        let options = ConnectionManagerConfig::new()
            .set_connection_timeout(PATIENCE)
            .set_response_timeout(PATIENCE)
            .set_number_of_retries(0)
            .set_max_delay(200);
        let made = ConnectionManager::new_with_config(self.client.clone(), options).await?;
        Ok(connection.insert(made).clone())
    }
}
