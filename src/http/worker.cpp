#include "http/worker.h"

#include "http/head_writer.h"

namespace vestibule::http {

std::string Worker::next_request_id() {
  // splitmix64: a bijection, so ids of one worker never repeat, and two workers' seeds are random.
  auto mixed = id_seed_ + ++id_count_ * 0x9e3779b97f4a7c15U;
  mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
  mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
  mixed ^= mixed >> 31U;
  static constexpr std::string_view alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
  std::string id(13, '0');
  for (auto& c : id) {
    c = alphabet[mixed & 31U];
    mixed >>= 5U;
  }
  return id;
}

std::string_view Worker::date(base::Time now) {
  const auto second = base::to_seconds(now);
  if (second != date_second_) {
    date_second_ = second;
    date_ = http_date(second);
  }
  return date_;
}

}  // namespace vestibule::http
