#pragma once

#include <filesystem>
#include <string_view>

// Changes of files that are on disk when they return. All throw std::system_error naming the file.
namespace vestibule::store {

/// Whether a file of that name may be there already.
enum class Existing { replaced, refused };

/// A file of 0600 that was not there before, so that nobody else's receives what is written.
class NewFile {
 public:
  explicit NewFile(const std::filesystem::path& path);
  ~NewFile();
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  void write(std::string_view bytes);
  void sync();

 private:
  const std::filesystem::path path_;
  const int descriptor_;
};

void sync_file(const std::filesystem::path& file);
void sync_directory(const std::filesystem::path& directory);
/// Gives a file another name in one step, and syncs the directory. With `refused`, an existing
/// file is EEXIST.
void rename_file(const std::filesystem::path& from, const std::filesystem::path& to,
                 Existing existing);
/// Writes a file of 0600 whole or not at all.
void write_file(const std::filesystem::path& file, std::string_view content, Existing existing);
/// Adds to the end of a file, which is made with 0600, in one write. A line that a crash cut off
/// before is ended first, so that what is added begins a line.
void append_lines(const std::filesystem::path& file, std::string_view lines);

}  // namespace vestibule::store
