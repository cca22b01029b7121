#include "async/pool.h"

#include <algorithm>

namespace vestibule::async {

CpuPool::CpuPool(Options options) : max_waiting_(options.max_waiting) {
  const auto count = std::max<std::size_t>(1, options.threads);
  threads_.reserve(count);
  for (std::size_t i = 0; i < count; ++i) threads_.emplace_back([this] { work(); });
}

CpuPool::~CpuPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (auto& thread : threads_) thread.join();
}

void CpuPool::submit(Job job) {
  const char* refusal = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) {
      refusal = "the pool is closing";
    } else if (waiting_.size() >= max_waiting_) {
      refusal = "too much work is waiting for a processor";
    } else {
      waiting_.push_back(std::move(job));
    }
  }
  if (refusal == nullptr) {
    wake_.notify_one();
  } else {
    job.done(std::make_exception_ptr(Overloaded(refusal)));
  }
}

std::size_t CpuPool::waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size();
}

void CpuPool::work() {
  for (;;) {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    auto job = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    std::exception_ptr error;
    try {
      job.run();
    } catch (...) {
      error = std::current_exception();
    }
    job.run = nullptr;
    job.done(std::move(error));
  }
}

boost::asio::awaitable<void> perform(CpuPool& pool, std::move_only_function<void()> job) {
  auto start = [&pool, &job](Done done) { pool.submit({std::move(job), std::move(done)}); };
  co_await completion(std::move(start));
}

}  // namespace vestibule::async
