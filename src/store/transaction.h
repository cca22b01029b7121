#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/ids.h"
#include "store/statement.h"

namespace vestibule::store {

/// Bytes as a parameter, as opposed to text.
struct Blob {
  std::string_view bytes;
};

/// A parameter. It only refers to its text or bytes: they live until the call returns.
class Value {
 public:
  enum class Type { null, integer, text, blob };

  Value(std::nullptr_t) {}  // NOLINT(google-explicit-constructor): parameters read as plain values
  template <std::integral Integer>
  Value(Integer value)  // NOLINT(google-explicit-constructor)
      : type_(Type::integer), integer_(static_cast<std::int64_t>(value)) {}
  Value(std::string_view text)  // NOLINT(google-explicit-constructor)
      : type_(Type::text), bytes_(text) {}
  Value(const std::string& text) : Value(std::string_view(text)) {}  // NOLINT
  Value(const char* text) : Value(std::string_view(text)) {}         // NOLINT
  Value(Blob blob) : type_(Type::blob), bytes_(blob.bytes) {}        // NOLINT
  Value(base::Time time) : Value(base::to_milliseconds(time)) {}     // NOLINT
  Value(const base::Uuid& id) : Value(Blob{id.view()}) {}            // NOLINT
  template <class Tag>
  Value(base::Id<Tag> id) : Value(id.value) {}  // NOLINT(google-explicit-constructor)
  template <class T>
  Value(const std::optional<T>& value) {  // NOLINT(google-explicit-constructor)
    if (value) *this = Value(*value);
  }

  Type type() const { return type_; }
  std::int64_t integer() const { return integer_; }
  std::string_view bytes() const { return bytes_; }

 private:
  Type type_ = Type::null;
  std::int64_t integer_ = 0;
  std::string_view bytes_;
};

/// What an engine implements for one running query.
class Cursor {
 public:
  virtual ~Cursor() = default;
  virtual bool next() = 0;
  virtual bool is_null(int column) const = 0;
  virtual std::int64_t integer(int column) const = 0;
  virtual std::string_view bytes(int column) const = 0;
  /// Ends the query; the cursor may be used again by its engine.
  virtual void release() = 0;
};

/// The rows of a query, walked once: `while (rows.next()) rows.text(0)`. Columns count from 0.
/// Views stay valid until the next call of next() or the end of Rows.
class Rows {
 public:
  explicit Rows(Cursor* cursor) : cursor_(cursor) {}

  bool next() { return cursor_->next(); }
  bool is_null(int column) const { return cursor_->is_null(column); }
  std::int64_t integer(int column) const { return cursor_->integer(column); }
  std::string_view text(int column) const { return cursor_->bytes(column); }
  std::string_view blob(int column) const { return cursor_->bytes(column); }
  base::Time time(int column) const { return base::from_milliseconds(integer(column)); }
  template <class IdType>
  IdType id(int column) const {
    return IdType{integer(column)};
  }
  /// A 16-byte column; throws std::runtime_error if it has another length.
  base::Uuid uuid(int column) const;
  base::SessionId session_id(int column) const { return base::SessionId{uuid(column)}; }

  std::optional<std::int64_t> optional_integer(int column) const {
    return is_null(column) ? std::nullopt : std::optional(integer(column));
  }
  std::optional<std::string> optional_text(int column) const {
    return is_null(column) ? std::nullopt : std::optional(std::string(text(column)));
  }
  std::optional<base::Time> optional_time(int column) const {
    return is_null(column) ? std::nullopt : std::optional(time(column));
  }
  template <class IdType>
  std::optional<IdType> optional_id(int column) const {
    return is_null(column) ? std::nullopt : std::optional(id<IdType>(column));
  }

 private:
  struct Release {
    void operator()(Cursor* cursor) const { cursor->release(); }
  };
  std::unique_ptr<Cursor, Release> cursor_;
};

/// One unit of work on the store: either a writer's unit in its savepoint, or a reader's snapshot.
/// Not thread-safe; it is used on the thread that was given it, and not kept.
class Transaction {
 public:
  virtual ~Transaction() = default;

  /// Runs a query. A reader's transaction refuses statements that write. Throws Unavailable when
  /// the engine is lost, std::logic_error when the SQL is wrong.
  template <class... Parameters>
  Rows query(const Statement& statement, const Parameters&... parameters) {
    const std::initializer_list<Value> values{Value(parameters)...};
    return Rows(start(statement, {values.begin(), values.size()}));
  }

  /// Runs a statement and returns the number of rows that it changed. Throws as query does, and
  /// ConstraintViolation when a constraint refuses and the SQL has no ON CONFLICT for it.
  template <class... Parameters>
  std::int64_t execute(const Statement& statement, const Parameters&... parameters) {
    const std::initializer_list<Value> values{Value(parameters)...};
    return change(statement, {values.begin(), values.size()});
  }

  /// Calls `action` on the writer's thread once this unit is durable and before its caller is
  /// answered; never if the unit is rolled back. For caches and wake-ups; it must not throw, block
  /// or use the store.
  virtual void after_commit(std::move_only_function<void()> action) = 0;

 private:
  virtual Cursor* start(const Statement& statement, std::span<const Value> parameters) = 0;
  virtual std::int64_t change(const Statement& statement, std::span<const Value> parameters) = 0;
};

}  // namespace vestibule::store
