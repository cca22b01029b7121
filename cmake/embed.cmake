# vestibule_embed(TARGET NAMESPACE FUNCTION FILES...)
# Makes the text of files part of TARGET: `std::span<const EmbeddedFile> NAMESPACE::FUNCTION()` with
# their names relative to the folder, through a generated source that only changes with the files.
function(vestibule_embed target namespace function)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/${function}.cpp)
  list(TRANSFORM ARGN PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/ OUTPUT_VARIABLE paths)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -D "FILES=${ARGN}" -D ROOT=${CMAKE_CURRENT_SOURCE_DIR}
            -D NAMESPACE=${namespace} -D FUNCTION=${function} -D OUTPUT=${output}
            -P ${CMAKE_SOURCE_DIR}/cmake/embed_script.cmake
    DEPENDS ${paths} ${CMAKE_SOURCE_DIR}/cmake/embed_script.cmake
    VERBATIM)
  target_sources(${target} PRIVATE ${output})
endfunction()
