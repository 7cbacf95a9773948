"""What an uploaded file really is, and pictures of its pages. No Django, no database.

Files come from strangers. `reading` and `drawing` run in a process of their own (`worker`), with
little memory and time; `sandbox` starts it. `scanning` asks a malware scanner.
"""
