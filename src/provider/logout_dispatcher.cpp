#include "provider/logout_dispatcher.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace vestibule::provider {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr int batch = 64;
constexpr std::chrono::seconds longest_sleep{60};
constexpr std::chrono::seconds pause_after_trouble{1};

}  // namespace

LogoutDispatcher::LogoutDispatcher(LogoutSender sender, Report report, int threads)
    : sender_(std::move(sender)), report_(std::move(report)), thread_count_(threads) {}

LogoutDispatcher::~LogoutDispatcher() {
  stop();
}

void LogoutDispatcher::start() {
  for (int i = 0; i < thread_count_; ++i) threads_.emplace_back([this] { work(); });
}

void LogoutDispatcher::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

void LogoutDispatcher::wake() {
  const std::lock_guard lock(mutex_);
  if (dirty_) return;
  dirty_ = true;
  changed_.notify_one();
}

void LogoutDispatcher::work() {
  while (const auto notice = take()) {
    SteadyClock::duration pause{0};
    try {
      const auto outcome = sender_.attempt(notice->id);
      if (report_) report_(outcome);
    } catch (const std::exception& error) {
      spdlog::error("logout notices: {}", error.what());
      pause = pause_after_trouble;
    }
    let_go(*notice, pause);
  }
}

std::optional<sessions::LogoutNotice> LogoutDispatcher::take() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (stopping_) return std::nullopt;
    const auto now = SteadyClock::now();
    const auto next = std::ranges::find_if(
        ready_, [this](const auto& notice) { return !calling_.contains(notice.client); });
    if (now < paused_until_) {
      changed_.wait_until(lock, paused_until_);
    } else if (next != ready_.end()) {
      auto notice = std::move(*next);
      ready_.erase(next);
      calling_.insert(notice.client);
      return notice;
    } else if (loading_) {
      changed_.wait(lock);
    } else if (dirty_ || now >= look_again_) {
      load(lock);
    } else {
      changed_.wait_until(lock, look_again_);
    }
  }
}

void LogoutDispatcher::load(std::unique_lock<std::mutex>& lock) {
  dirty_ = false;
  loading_ = true;
  const auto limit = batch + static_cast<int>(claimed_.size());
  const auto now = sender_.clock.now();
  lock.unlock();
  std::vector<sessions::LogoutNotice> due;
  std::optional<base::Time> next;
  bool failed = false;
  try {
    sender_.store.read([&](store::Transaction& tx) {
      due = sessions::list_due_notices(tx, now, limit);
      next = sessions::find_next_notice(tx, now);
    });
  } catch (const std::exception& error) {
    spdlog::error("logout notices: {}", error.what());
    failed = true;
  }
  lock.lock();
  loading_ = false;
  // One that was finished meanwhile may be taken up again here; the attempt sees that it is done.
  for (auto& notice : due) {
    if (claimed_.insert(notice.id).second) ready_.push_back(std::move(notice));
  }
  if (failed || std::cmp_equal(due.size(), limit)) dirty_ = true;
  const auto steady = SteadyClock::now();
  look_again_ = steady + longest_sleep;
  if (next) {
    look_again_ = std::min(look_again_, steady + std::max(*next - now, base::Milliseconds{1}));
  }
  if (failed) paused_until_ = steady + pause_after_trouble;
  changed_.notify_all();
}

void LogoutDispatcher::let_go(const sessions::LogoutNotice& notice, SteadyClock::duration pause) {
  const std::lock_guard lock(mutex_);
  claimed_.erase(notice.id);
  calling_.erase(notice.client);
  dirty_ = true;
  if (pause.count() > 0) paused_until_ = SteadyClock::now() + pause;
  changed_.notify_all();
}

}  // namespace vestibule::provider
